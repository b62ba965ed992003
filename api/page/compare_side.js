// One of two models that are compared.
import { path } from './api.js';
import { h } from './dom.js';
import { EpochBar } from './epoch_bar.js';
import { Instead, train } from './gone.js';
import { shapeText } from './layer_strip.js';
import { Model } from './model.js';
import { modelChoice } from './model_choice.js';
import { Picture, preload } from './picture.js';
import { PredictionBars } from './prediction_bars.js';
import { named, title } from './progress.js';
import { filterRatio, mapRatio } from './sheet_ratio.js';
import { address, go, state } from './state.js';

const most = 64;

export class Side {
  /** @type {Model | null} */
  model = null;

  /**
   * @param {'left' | 'right'} side
   * @param {string} idKey where the address has the model
   * @param {string} key where it has the epoch
   * @param {import('./views/compare.js').Compare} compare
   */
  constructor(side, idKey, key, compare) {
    this.side = side;
    this.idKey = idKey;
    this.key = key;
    this.compare = compare;
    this.choice = modelChoice(side, id => go({ [idKey]: id, [key]: null }, { step: true }));
    this.bar = new EpochBar({ label: `epoch, ${side}`, onPick: epoch => compare.moved(this, epoch), settled: () => this.filters.ready });
    this.filters = new Picture();
    this.maps = new Picture();
    this.bars = new PredictionBars();
    this.instead = new Instead();
    this.problem = h('p', { class: 'empty', hidden: true });
    this.filtersPart = h('section', {}, h('h3', {}, 'Filters'), this.filters.element);
    this.body = h('div', { class: 'side-panel' }, this.bar.element, this.filtersPart,
      h('section', {}, h('h3', {}, 'Feature maps of the image'), this.maps.element), h('section', {}, h('h3', {}, 'What it says of the image'), this.bars.element));
    this.element = h('section', { class: 'panel', 'aria-label': side }, this.choice.element, this.problem, this.instead.element, this.body);
  }

  get id() {
    return this.model?.id ?? null;
  }

  /** What is looked at; null while there is nothing. */
  get view() {
    const model = this.model;
    if (!model?.summary) return null;
    // Of one model with itself the left begins before training, where the address does not say otherwise.
    const first = this.side === 'left' && this.compare.right.id === this.id && state[this.key] === undefined;
    const epoch = first ? (model.epochs[0] ?? null) : model.epoch(state[this.key]);
    return epoch === null ? null : { model, summary: model.summary, epoch };
  }

  get name() {
    return this.model?.job ? `${this.side} (${title(this.model.job)})` : this.side;
  }

  /** @param {string | null} id */
  use(id) {
    this.choice.update(id);
    if (!id || this.model?.id === id) return;
    this.model?.close();
    this.model = new Model(id, () => this.compare.show());
  }

  close() {
    this.bar.stop();
    this.model?.close();
  }

  /** Nothing to show, and why: for a reason of its own, or for the one given. */
  say(why = 'Loading…') {
    const { model, choice: { newest } } = this;
    const { missing = '', problem = null } = model ?? {};
    this.body.hidden = true;
    this.element.classList.toggle('loading', !missing && !problem && model !== null && !model.summary);
    this.problem.hidden = Boolean(missing);
    if (missing) this.instead.show(missing, newest ? { href: address({ ...state, [this.idKey]: newest.id, [this.key]: '' }), text: `Take the newest: ${named(newest)}` } : train);
    else this.instead.hide();
    this.problem.textContent = problem?.message ?? (model === null ? 'There is no model yet: train one.' : model.summary ? why : 'Loading…');
  }

  /** @param {string} layerName @param {string} image */
  show(layerName, image) {
    const { view } = this;
    if (!view) return;
    const { model, epoch } = view;
    this.body.hidden = false;
    this.element.classList.remove('loading');
    this.problem.hidden = true;
    this.instead.hide();
    this.bar.update({ epochs: model.epochs, epoch, followed: state[this.key] === undefined, running: model.running });
    this.#draw(model, model.layer(layerName), layerName, epoch, image);
    this.bars.show({ ...view, image });
  }

  /**
   * @param {Model} model
   * @param {import('./types.d.ts').Layer | null} layer
   * @param {string} name
   * @param {number} epoch
   * @param {string} image
   */
  #draw(model, layer, name, epoch, image) {
    this.filtersPart.hidden = !layer?.kernel;
    if (layer === null) return this.maps.clear(`This model has no layer ${name}.`);
    const place = `${model.place}/layers/${name}`;
    /** @param {number} [count] */
    const first = (count = 0) => (count > most ? { count: most } : {});
    /** @param {number} at */
    const filters = at => path(`${place}/filters.png`, { epoch: at, ...first(layer.filters), cmap: state.cmap, normalize: state.normalize });
    /** @param {number} at */
    const maps = at => path(`${place}/activations.png`, { image, epoch: at, ...first(layer.output_shape.at(-1)) });
    const said = `${name}, ${this.side}, epoch ${epoch}`;
    if (layer.kernel) this.filters.show(filters(epoch), { alt: `filters of ${said}`, caption: `epoch ${epoch}, kernel ${shapeText(layer.kernel)}`, ratio: filterRatio(layer, most) });
    this.maps.show(maps(epoch), { alt: `feature maps of ${said}`, caption: shapeText(layer.output_shape), ratio: mapRatio(layer, most) });
    const near = this.bar.neighbours(1).flatMap(at => [...(layer.kernel ? [filters(at)] : []), maps(at)]);
    Promise.all([this.filters.ready, this.maps.ready]).then(() => preload(near));
    return undefined;
  }
}
