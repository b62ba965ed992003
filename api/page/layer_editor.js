// A list of layers to change. Which kinds there are and what each can be told is read from the API's own description.
import { said } from './api.js';
import { options, schemas } from './document.js';
import { h, select } from './dom.js';

/** The kinds of layers, each with its schema, and what a property of one may be. */
async function describe() {
  const known = await schemas();
  const kinds = new Map(options(known, { $ref: 'AnyLayer' }).map(schema => {
    const type = schema.properties?.type;
    return [String(type?.const ?? type?.enum?.[0]), schema];
  }));
  return { kinds, options: (/** @type {Schema} */ property) => options(known, property) };
}

/** @typedef {import('./document.js').Schema} Schema */
/** What is said of a layer; all of it is for the service to judge. @typedef {Record<string, any>} Layer */

export class LayerEditor {
  /** @type {Layer[]} */
  layers = [];
  /** @type {Map<string, Schema>} */
  kinds = new Map();
  /** @type {(property: Schema) => Schema[]} */
  options = () => [];

  /** changed() is called after every change. @param {() => unknown} changed */
  constructor(changed) {
    this.changed = changed;
    this.rows = h('ol', { class: 'layer-rows' });
    this.kind = h('select', { 'aria-label': 'kind of the new layer' });
    this.add = h('div', { class: 'controls' }, this.kind, h('button', { type: 'button', onclick: () => this.#insert() }, 'Add a layer'));
    this.raw = h('textarea', { rows: 14, spellcheck: 'false', 'aria-label': 'layers as JSON', oninput: () => this.#parse() });
    this.rawError = h('p', { class: 'error', role: 'status' });
    this.element = h('div', { class: 'part', hidden: true }, this.rows, this.add,
      h('details', { ontoggle: () => this.#write() }, h('summary', {}, 'As JSON'), this.raw, this.rawError));
  }

  hide() {
    this.element.hidden = true;
  }

  /**
   * Begin with these layers; what is said nowhere is left out, so that a row shows what matters.
   * @param {Layer[]} layers
   */
  async edit(layers) {
    this.layers = layers.filter(layer => layer !== null && typeof layer === 'object').map(layer => Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== null)));
    ({ kinds: this.kinds, options: this.options } = await describe());
    this.kind.replaceChildren(...[...this.kinds.keys()].map(kind => h('option', { value: kind }, kind)));
    this.kind.value = 'conv2d';
    this.#draw();
    this.element.hidden = false;
  }

  /**
   * What the service says of the layers: a summary, or errors by pointer.
   * @param {import('./types.d.ts').Validation | null} summary
   * @param {import('./types.d.ts').ProblemField[]} errors
   */
  tell(summary, errors) {
    [...this.rows.children].forEach((row, n) => {
      const mine = errors.filter(({ pointer }) => new RegExp(`^/architecture/layers/${n}(/|$)`).test(pointer));
      const layer = summary?.layers[n];
      const told = row.querySelector('.told');
      told.className = `told ${mine.length ? 'error' : 'faint'}`;
      told.textContent = mine.length ? mine.map(({ pointer, detail }) => `${pointer.split('/').slice(4).join('.')} ${detail}`.trim()).join('; ')
        : layer ? `→ ${layer.output_shape.join('×')}${layer.params ? `, ${layer.formula} = ${layer.params.toLocaleString('en')}` : ''}` : '';
    });
  }

  #draw() {
    this.rows.replaceChildren(...this.layers.map((layer, n) => this.#row(layer, n)));
    this.#write();
  }

  /** @param {Layer} layer @param {number} n */
  #row(layer, n) {
    /** @param {string} text @param {string} name @param {() => unknown} act @param {boolean} [disabled] */
    const button = (text, name, act, disabled) => h('button', { type: 'button', 'aria-label': `${name} ${layer.name ?? layer.type}`, title: name, disabled, onclick: () => { act(); this.#draw(); this.changed(); } }, text);
    /** @param {number} by */
    const move = by => () => this.layers.splice(n + by, 0, ...this.layers.splice(n, 1));
    const schema = this.kinds.get(layer.type);
    const fields = Object.entries(schema?.properties ?? {}).filter(([name]) => name !== 'type').map(([name, property]) => this.#field(layer, name, property)).filter(Boolean);
    return h('li', { class: 'layer-row' },
      h('details', { open: layer === this.opened, ontoggle: event => { if (event.target.open) this.opened = layer; } },
        h('summary', {}, `${layer.name ?? ''} `, h('span', { class: 'faint' }, layer.type), ' ', h('span', { class: 'told faint' })),
        h('div', { class: 'layer-fields' }, fields)),
      h('span', { class: 'buttons' }, button('↑', 'move up', move(-1), n === 0), button('↓', 'move down', move(1), n === this.layers.length - 1), button('✕', 'remove', () => this.layers.splice(n, 1))));
  }

  /**
   * A control for what can be said in one word or number; the rest is changed as JSON.
   * @param {Layer} layer
   * @param {string} name
   * @param {Schema} property
   */
  #field(layer, name, property) {
    const options = this.options(property);
    /** @param {any} value */
    const set = value => {
      if (value === '') delete layer[name];
      else layer[name] = value;
      this.#write();
      this.changed();
    };
    const words = options.flatMap(one => one.enum ?? []);
    const now = layer[name] ?? property.default;
    if (words.length && (now === undefined || now === null || typeof now === 'string')) {
      const nothing = options.some(one => one.type === 'null') ? [['', 'none']] : [];
      return select(readable(name), [...nothing, ...words.map(word => [word, word])], now ?? '', set);
    }
    if (options.some(one => one.type === 'boolean')) return select(readable(name), [['true', 'yes'], ['false', 'no']], String(now ?? true), value => set(value === 'true'));
    const pair = Array.isArray(now) && now.length > 0 && now.every(part => typeof part === 'number');
    const numeric = options.some(one => one.type === 'integer' || one.type === 'number');
    if (pair || numeric) {
      const text = pair ? (now.every(part => part === now[0]) ? String(now[0]) : now.join(', ')) : String(now ?? '');
      return text_field(readable(name), text, value => set(numbers(value)));
    }
    if (name === 'name') return text_field('name', now ?? '', set);
    return null;
  }

  #insert() {
    const schema = this.kinds.get(this.kind.value);
    /** @type {Layer} */
    const layer = { type: this.kind.value };
    for (const name of schema?.required ?? []) if (name !== 'type') layer[name] = this.#start(schema?.properties?.[name] ?? {});
    // Before the last, which makes the classes: a layer after it would seldom be meant.
    this.layers.splice(Math.max(0, this.layers.length - 1), 0, layer);
    this.opened = layer;
    this.#draw();
    this.changed();
  }

  /** @param {Schema} property */
  #start(property) {
    const options = this.options(property);
    const example = property.examples?.[0] ?? options.find(one => one.enum)?.enum?.[0];
    return example ?? options.find(one => one.minimum !== undefined)?.minimum ?? 1;
  }

  #write() {
    this.raw.value = JSON.stringify(this.layers, null, 1);
    this.rawError.textContent = '';
  }

  #parse() {
    try {
      const layers = JSON.parse(this.raw.value);
      if (!Array.isArray(layers)) throw new Error('a list of layers is wanted');
      this.layers = layers;
      this.rawError.textContent = '';
      this.rows.replaceChildren(...layers.map((layer, n) => this.#row(layer, n)));
      this.changed();
    } catch (error) {
      this.rawError.textContent = said(error);
    }
  }
}

/** @param {string} name */
const readable = name => name.replaceAll('_', ' ');

/** @param {string} label @param {any} value @param {(value: string) => unknown} onchange */
const text_field = (label, value, onchange) => h('label', { class: 'field' }, h('span', {}, label), h('input', { type: 'text', value, oninput: event => onchange(event.target.value) }));

/**
 * A number, or several with commas between them; what is neither is sent as it is, and the service says what it wants.
 * @param {string} text
 */
function numbers(text) {
  const parts = text.split(',').map(part => part.trim());
  if (parts.some(part => part === '' || Number.isNaN(Number(part)))) return text;
  return parts.length === 1 ? Number(parts[0]) : parts.map(Number);
}
