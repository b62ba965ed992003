// The layers from input to output, with their shapes, their parameters, and what they make of the image.
import { path } from './api.js';
import { h } from './dom.js';
import { Picture } from './picture.js';

/** How the feature maps of a layer are drawn small. */
function small(shape) {
  if (shape.length === 1) return { count: Math.min(shape[0], 100), cols: 10, scale: 7, gap: 1 };
  const scale = Math.max(1, Math.round(18 / shape[0]));
  return { count: Math.min(shape.at(-1), 16), cols: 4, scale, gap: 1 };
}

/** Where the small feature maps of a layer are. */
export const thumbnail = (model, layer, epoch, image) => path(`${model.place}/layers/${layer.name}/activations.png`, { image, epoch, ...small(layer.output_shape) });

export const shapeText = shape => shape.join('×');

/** A layer's parameters with how many they are and why. */
export const countText = layer => (layer.params ? `${layer.formula} = ${layer.params.toLocaleString('en')}` : 'no parameters');

export class LayerStrip {
  #signature = '';
  #cards = [];

  constructor(onPick) {
    this.onPick = onPick;
    this.list = h('ol', { class: 'strip', 'aria-label': 'layers, from input to output' });
    this.element = this.list;
  }

  update(model, epoch, image, chosen) {
    const { layers, input_shape: input } = model.summary;
    const signature = JSON.stringify([model.id, layers.map(layer => layer.name)]);
    if (signature !== this.#signature) this.#build(model, layers, input, signature);
    this.input.show(path(`${model.place}/input.png`, { image, scale: Math.max(1, Math.round(78 / input[0])) }), { alt: 'the image as the network reads it' });
    for (const { layer, picture, button } of this.#cards) {
      button.setAttribute('aria-current', String(layer.name === chosen));
      picture.show(thumbnail(model, layer, epoch, image), { alt: '' });
    }
  }

  /** Bring the chosen layer into sight, moving the strip alone. */
  reveal(chosen) {
    const card = this.#cards.find(one => one.layer.name === chosen)?.button;
    if (card) this.list.scrollTo({ left: card.offsetLeft - this.list.clientWidth / 2 + card.offsetWidth / 2 });
  }

  /** The layer so many further on. */
  beside(chosen, step) {
    const at = this.#cards.findIndex(one => one.layer.name === chosen);
    return this.#cards[at + step]?.layer.name ?? null;
  }

  #build(model, layers, input, signature) {
    this.#signature = signature;
    for (const { picture } of this.#cards) picture.forget();
    this.input?.forget();
    this.input = new Picture({ className: 'bare' });
    this.#cards = layers.map(layer => {
      const picture = new Picture({ className: 'bare' });
      const button = h('button', { type: 'button', class: 'layer', onclick: () => this.onPick(layer.name) },
        h('span', { class: 'layer-name' }, layer.name),
        h('span', { class: 'faint' }, `${layer.type} → ${shapeText(layer.output_shape)}`),
        h('span', { class: 'faint formula' }, countText(layer)),
        picture.frame);
      return { layer, picture, button };
    });
    this.list.replaceChildren(
      h('li', {}, h('div', { class: 'layer' }, h('span', { class: 'layer-name' }, 'Input'), h('span', { class: 'faint' }, shapeText(input)), h('span', { class: 'faint formula' }, model.summary.dataset), this.input.frame)),
      ...this.#cards.map(card => h('li', {}, card.button)),
    );
  }
}
