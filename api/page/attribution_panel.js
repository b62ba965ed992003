// What in the image speaks for a class, by the methods that are chosen.
import { get, path } from './api.js';
import { h, select, setOptions } from './dom.js';
import { Picture } from './picture.js';
import { section } from './section.js';

const usual = ['gradient', 'integrated_gradients', 'guided_backprop', 'grad_cam'];

export class AttributionPanel {
  /** @type {import('./types.d.ts').Method[]} */
  #methods = [];
  /** @type {Map<string, Picture>} */
  #pictures = new Map();
  /** @type {Parameters<AttributionPanel['update']>[0] | null} */
  told = null;

  /** change(patch) when the state shall change. @param {(patch: import('./state.js').Patch) => unknown} change */
  constructor(change) {
    this.change = change;
    this.target = select('class', [['', 'the one predicted']], '', value => change({ class: value || null }));
    this.choice = h('fieldset', { class: 'methods' }, h('legend', {}, 'Methods'));
    this.grid = h('div', { class: 'attributions' });
    this.element = h('section', { class: 'panel', 'aria-label': 'attributions' },
      h('div', { class: 'row' }, h('h2', {}, 'What speaks for it'), this.target), this.grid, section('methods', 'Methods', () => {}, this.choice));
    this.#list();
  }

  async #list() {
    try {
      /** @type {{items: import('./types.d.ts').Method[]}} */
      const { items } = await get('/v1/attributions');
      this.#methods = items;
    } catch {
      setTimeout(() => this.#list(), 3000);
      return;
    }
    this.choice.append(...this.#methods.map(method => h('label', { class: 'check', title: method.trust },
      h('input', { type: 'checkbox', value: method.name, onchange: () => this.#choose() }), method.title)));
    if (this.told) this.update(this.told);
  }

  #choose() {
    const chosen = [...this.choice.querySelectorAll('input:checked')].map(box => box.value);
    this.change({ methods: chosen.join(',') === usual.join(',') || !chosen.length ? null : chosen.join(',') });
  }

  /** @param {import('./types.d.ts').Shown & {target: string | undefined, methods: string | undefined}} told */
  update(told) {
    this.told = told;
    const { model, summary, epoch, image, target, methods } = told;
    const { classes, layers } = summary;
    setOptions(this.target.querySelector('select'), [['', 'the one predicted'], ...classes.map((name, n) => [n, name])], target ?? '');
    const convolutional = layers.some(layer => layer.output_shape.length > 1 && layer.params);
    const chosen = methods ? methods.split(',') : usual.filter(name => convolutional || name !== 'grad_cam');
    for (const box of this.choice.querySelectorAll('input')) box.checked = chosen.includes(box.value);
    const shown = this.#methods.filter(method => chosen.includes(method.name));
    for (const [name, picture] of this.#pictures) {
      if (!shown.some(method => method.name === name)) {
        picture.element.remove();
        this.#pictures.delete(name);
      }
    }
    for (const method of shown) {
      const picture = this.#pictures.get(method.name) ?? new Picture({ aside: true, className: 'attribution' });
      this.#pictures.set(method.name, picture);
      if (picture.element.parentElement !== this.grid) this.grid.append(picture.element);
      picture.element.title = `${method.description} ${method.trust}`;
      picture.show(path(`${model.place}/attributions/${method.name}.png`, { image, epoch, class: target ?? '' }), { alt: `${method.title} over the image`, caption: method.title });
    }
  }
}
