// What the network says of an image: a bar a class.
import { get, path, said } from './api.js';
import { h } from './dom.js';
import { onReturn } from './connection.js';
import { links } from './links.js';
import { short } from './curves.js';

export class PredictionBars {
  #asked = '';
  #shown = '';
  /** @type {{item: HTMLElement, row: HTMLElement, bar: HTMLElement, value: HTMLElement}[]} */
  #rows = [];
  /** @type {string[]} */
  classes = [];
  /** @type {number | null} */
  chosen = null;

  /** @param {(number: number) => void} [onPick] called with the class whose bar is chosen */
  constructor(onPick) {
    this.onPick = onPick;
    this.list = h('ul', { class: 'bars' });
    this.verdict = h('p', { class: 'verdict' }, ' ');
    this.links = links();
    this.element = h('div', { class: 'prediction' }, this.verdict, this.list, this.links.element);
    this.ready = Promise.resolve();
    onReturn(() => this.#asked !== this.#shown && this.#load(this.#asked), this.element);
  }

  /**
   * @param {Pick<import('./types.d.ts').Shown, 'model' | 'summary' | 'epoch' | 'image'>} shown
   * @param {number | null} [chosen]
   */
  show({ model, summary, epoch, image }, chosen = null) {
    this.classes = summary.classes;
    this.chosen = chosen;
    const asked = path(`${model.place}/predictions.json`, { image, epoch });
    this.#row();
    this.#mark();
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.links.set(asked);
    this.ready = this.#load(asked);
  }

  /** @param {string} asked */
  async #load(asked) {
    try {
      /** @type {import('./types.d.ts').Prediction} */
      const told = await get(asked);
      if (asked !== this.#asked) return;
      this.#shown = asked;
      this.#draw(told);
    } catch (error) {
      if (asked === this.#asked) this.verdict.textContent = said(error);
    }
  }

  /** A row a class, which has its place before its bar is known. */
  #row() {
    if (this.#rows.length === this.classes.length) return;
    this.#rows = this.classes.map((name, n) => {
      const bar = h('span', { class: 'bar' });
      const value = h('span', { class: 'value' });
      const row = h('button', { type: 'button', onclick: () => this.onPick?.(n), disabled: !this.onPick }, h('span', { class: 'class' }, name), h('span', { class: 'track' }, bar), value);
      return { item: h('li', {}, row), row, bar, value };
    });
    this.list.replaceChildren(...this.#rows.map(row => row.item));
  }

  /** @param {import('./types.d.ts').Prediction} told */
  #draw(told) {
    this.#rows.forEach(({ row, bar, value }, n) => {
      const share = told.probabilities[n];
      bar.style.width = `${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}%`;
      value.textContent = share.toFixed(3);
      row.classList.toggle('truth', n === told.label);
      row.title = told.logits ? `logit ${short(told.logits[n])}` : '';
    });
    const [best] = told.top;
    if (!best) return;
    const truth = told.label === null ? '' : best.class === told.label ? ' — right' : ` — wrong, it is ${this.classes[told.label]}`;
    this.verdict.replaceChildren('says ', h('b', {}, best.name), truth);
    this.verdict.classList.toggle('wrong', told.label !== null && best.class !== told.label);
    this.#mark();
  }

  #mark() {
    this.#rows.forEach(({ row }, n) => row.setAttribute('aria-pressed', String(n === this.chosen)));
  }
}
