// The trials of a sweep in a table, the best first.
import { short } from './curves.js';
import { h } from './dom.js';
import { address } from './state.js';

/** @typedef {import('./types.d.ts').Sweep} Sweep */
/** @typedef {import('./types.d.ts').Trial} Trial */

/** A value, as short as it can be told. @param {unknown} value */
const text = value => (typeof value === 'number' ? short(value) : typeof value === 'string' ? value : JSON.stringify(value));

/** Values by the ends of their pointers. @param {Record<string, unknown>} values */
export const valuesText = values => Object.entries(values).map(([pointer, value]) => `${pointer.split('/').at(-1)} ${text(value)}`).join(', ');

export class TrialTable {
  /** @type {Map<number, HTMLTableRowElement>} */
  #rows = new Map();
  #id = '';

  constructor() {
    this.head = h('tr');
    this.body = h('tbody');
    this.element = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'trials by rank' },
      h('table', { class: 'trials' }, h('thead', {}, this.head), this.body));
  }

  /** @param {Sweep} sweep */
  show({ id, trials, parameters, objective }) {
    if (this.#id !== id) {
      this.#id = id;
      this.#rows.clear();
      this.body.replaceChildren();
      const numbers = ['rank', 'trial', 'epochs', 'at epoch'];
      this.head.replaceChildren(...['rank', 'trial', ...parameters, 'state', 'epochs', objective.metric, 'at epoch'].map(name => h('th', { scope: 'col', class: numbers.includes(name) ? 'number' : null, title: parameters.includes(name) ? name : null }, name.split('/').at(-1))), h('td', {}));
    }
    const values = trials.flatMap(trial => (trial.best ? [trial.best.value] : []));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const last = trials.length + 1;
    const sorted = [...trials].sort((one, other) => (one.rank ?? last) - (other.rank ?? last) || one.number - other.number);
    const rows = sorted.map(trial => this.#row(trial, parameters, trial.best ? share(trial.best.value, low, high) : 0));
    if (rows.some((row, n) => row !== this.body.children[n])) this.body.replaceChildren(...rows);
  }

  /** @param {Trial} trial @param {string[]} parameters @param {number} part */
  #row(trial, parameters, part) {
    const told = JSON.stringify([trial, part]);
    const row = this.#rows.get(trial.number) ?? h('tr');
    this.#rows.set(trial.number, row);
    if (row.dataset.told === told) return row;
    row.dataset.told = told;
    const stopped = trial.state === 'stopped' ? ` at rung ${trial.rung}` : '';
    row.className = trial.rank === 1 ? 'first' : '';
    row.replaceChildren(
      h('td', { class: 'number' }, trial.rank ?? '–'),
      h('th', { scope: 'row', class: 'number' }, `#${trial.number}`),
      ...parameters.map(pointer => h('td', {}, text(trial.values[pointer]))),
      h('td', { title: trial.error?.detail ?? null }, h('span', { class: `status ${trial.state}` }, trial.state + stopped)),
      h('td', { class: 'number' }, `${trial.epochs_done} of ${trial.epochs}`),
      h('td', {}, h('span', { class: 'objective' }, h('meter', { min: 0, max: 1, value: part, 'aria-hidden': 'true' }), h('span', {}, trial.best ? short(trial.best.value) : '–'))),
      h('td', { class: 'number' }, trial.best?.epoch ?? '–'),
      h('td', {}, trial.epochs_done ? h('a', { href: address({ view: 'look', model: trial.model_id }), 'aria-label': `Look inside trial ${trial.number}` }, 'Look') : ''),
    );
    return row;
  }
}

/**
 * How long a bar is: what is least has a little of one.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function share(value, low, high) {
  return high > low ? 0.05 + (0.95 * (value - low)) / (high - low) : 1;
}
