// What a network is, layer by layer, as the service sums it up.
import { h } from './dom.js';

export class SummaryTable {
  constructor() {
    this.rows = h('tbody');
    this.total = h('p', {});
    this.warnings = h('div', {});
    this.error = h('p', { class: 'message', role: 'status', hidden: true });
    this.table = h('table', { class: 'summary' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'layer'), h('th', { scope: 'col' }, 'output'), h('th', { scope: 'col', class: 'number' }, 'parameters'))), this.rows);
    this.element = h('div', { class: 'part summed' }, this.error, this.table, this.total, this.warnings);
  }

  /** @param {import('./types.d.ts').Validation} told */
  show(told) {
    this.error.hidden = true;
    this.#past(false);
    this.rows.replaceChildren(...told.layers.map(layer => h('tr', {},
      h('td', {}, h('b', {}, layer.name), h('br'), h('span', { class: 'faint' }, layer.type)), h('td', {}, layer.output_shape.join('×')),
      h('td', { class: 'number' }, layer.params.toLocaleString('en'), layer.params ? h('br') : '', layer.params ? h('span', { class: 'faint' }, layer.formula) : ''))));
    this.total.textContent = `${told.params.toLocaleString('en')} parameters, ${told.trainable_params.toLocaleString('en')} of them trained`;
    this.warnings.replaceChildren(...told.warnings.map(warning => h('p', { class: 'warning' }, warning.detail)));
  }

  /** The last summary stays; above it is said what is wrong now. @param {Error} problem */
  refuse(problem) {
    this.error.hidden = false;
    this.error.textContent = problem.message;
    this.#past(true);
  }

  /** @param {boolean} is */
  #past(is) {
    for (const part of [this.table, this.total, this.warnings]) part.classList.toggle('past', is);
  }
}
