// The layers from input to output, with their shapes, their parameters, and what they make of the image.
import { path } from './api.js';
import { h } from './dom.js';
import { Picture } from './picture.js';

/** @typedef {import('./types.d.ts').Layer} Layer */

/** How the feature maps of a layer are drawn small. @param {number[]} shape */
function small(shape) {
  if (shape.length === 1) return { count: Math.min(Number(shape[0]), 100), cols: 10, scale: 7, gap: 1 };
  const [height = 1] = shape;
  return { count: Math.min(shape.at(-1) ?? 1, 16), cols: 4, scale: Math.max(1, Math.round(18 / height)), gap: 1 };
}

/**
 * Where the small feature maps of a layer are.
 * @param {import('./model.js').Model} model
 * @param {Layer} layer
 * @param {number} epoch
 * @param {string} image
 */
const thumbnail = (model, layer, epoch, image) => path(`${model.place}/layers/${layer.name}/activations.png`, { image, epoch, ...small(layer.output_shape) });

/** @param {number[]} shape */
export const shapeText = shape => shape.join('×');

/** A layer's parameters with how many they are and why. @param {Pick<Layer, 'params' | 'formula'>} layer */
export const countText = layer => (layer.params ? `${layer.formula} = ${layer.params.toLocaleString('en')}` : 'no parameters');

export class LayerStrip {
  #signature = '';
  /** @type {{layer: Layer, picture: Picture, button: HTMLElement, seen: boolean}[]} */
  #cards = [];
  /** @type {Pick<import('./types.d.ts').Shown, 'model' | 'epoch' | 'image'> | null} */
  shown = null;
  /** @type {Picture | null} */
  input = null;

  /** @param {(name: string) => unknown} onPick */
  constructor(onPick) {
    this.onPick = onPick;
    this.list = h('ol', { class: 'strip', 'aria-label': 'layers, from input to output' });
    this.element = this.list;
    // A deep network has more layers than are seen at once.
    this.observer = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) {
        const card = this.#cards.find(one => one.button === target);
        if (card) card.seen = isIntersecting;
      }
      this.#draw();
    }, { root: this.list, rootMargin: '0px 150px' });
  }

  /** @param {import('./types.d.ts').Shown} shown */
  update({ model, summary, epoch, image, layer: { name: chosen } }) {
    const { layers, input_shape: input } = summary;
    const signature = JSON.stringify([model.id, layers.map(layer => layer.name)]);
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#build(summary);
    }
    this.input?.show(path(`${model.place}/input.png`, { image, scale: Math.max(1, Math.round(78 / Number(input[0]))) }), { alt: 'the image as the network reads it' });
    for (const { layer, button } of this.#cards) button.setAttribute('aria-current', String(layer.name === chosen));
    this.shown = { model, epoch, image };
    this.#draw();
  }

  /** Where the small feature maps are that are seen now, at another epoch. @param {number} epoch */
  at(epoch) {
    if (!this.shown) return [];
    const { model, image } = this.shown;
    return this.#cards.filter(card => card.seen).map(card => thumbnail(model, card.layer, epoch, image));
  }

  #draw() {
    if (!this.shown) return;
    const { model, epoch, image } = this.shown;
    for (const { layer, picture, seen } of this.#cards) if (seen) picture.show(thumbnail(model, layer, epoch, image), { alt: '' });
  }

  /** Bring the chosen layer into sight, moving the strip alone. @param {string} chosen */
  reveal(chosen) {
    const card = this.#cards.find(one => one.layer.name === chosen)?.button;
    if (card) this.list.scrollTo({ left: card.offsetLeft - this.list.clientWidth / 2 + card.offsetWidth / 2 });
  }

  /** The layer so many further on. @param {string} chosen @param {number} step */
  beside(chosen, step) {
    const at = this.#cards.findIndex(one => one.layer.name === chosen);
    return this.#cards[at + step]?.layer.name ?? null;
  }

  /** @param {import('./types.d.ts').Summary} summary */
  #build({ layers, dataset, input_shape: input }) {
    this.observer.disconnect();
    this.input = new Picture({ className: 'bare' });
    this.#cards = layers.map(layer => {
      const picture = new Picture({ aside: true, className: 'bare' });
      const button = h('button', { type: 'button', class: 'layer', onclick: () => this.onPick(layer.name) },
        h('span', { class: 'layer-name' }, layer.name),
        h('span', { class: 'faint' }, `${layer.type} → ${shapeText(layer.output_shape)}`),
        h('span', { class: 'faint formula' }, countText(layer)),
        picture.frame);
      return { layer, picture, button, seen: false };
    });
    this.shown = null;
    this.list.replaceChildren(
      h('li', {}, h('div', { class: 'layer' }, h('span', { class: 'layer-name' }, 'Input'), h('span', { class: 'faint' }, shapeText(input)), h('span', { class: 'faint formula' }, dataset), this.input.frame)),
      ...this.#cards.map(card => h('li', {}, card.button)),
    );
    for (const card of this.#cards) this.observer.observe(card.button);
  }
}
