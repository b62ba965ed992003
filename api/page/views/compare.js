// Two models, or one at two epochs, side by side.
import { path } from '../api.js';
import { historyCharts } from '../curves.js';
import { announce, h, select, setOptions } from '../dom.js';
import { EpochBar } from '../epoch_bar.js';
import { ImagePicker } from '../image_picker.js';
import { shapeText } from '../layer_strip.js';
import { Model } from '../model.js';
import { modelChoice } from '../model_choice.js';
import { Picture, preload } from '../picture.js';
import { PredictionBars } from '../prediction_bars.js';
import { title } from '../progress.js';
import { section } from '../section.js';
import { go, state } from '../state.js';

const most = 64;

export class Compare {
  constructor() {
    this.left = new Side('left', 'model', 'epoch', this);
    this.right = new Side('right', 'with', 'with_epoch', this);
    this.linked = h('input', { type: 'checkbox', onchange: event => go({ linked: event.target.checked ? 'yes' : 'no' }) });
    this.layer = select('layer', [['', '']], '', value => go({ layer: value }));
    this.picker = new ImagePicker(image => go({ image }));
    this.charts = historyCharts();
    this.similarity = new Picture({ long: true });
    this.similar = section('similarity', 'How alike their layers are', () => this.show(), this.similarity.element);
    this.element = h('div', { class: 'compare' }, h('h1', { class: 'unseen' }, 'Compare two models or two epochs'),
      h('div', { class: 'toolbar' }, this.layer, h('label', { class: 'check' }, this.linked, 'move both sliders together')),
      h('div', { class: 'sides' }, this.left.element, this.right.element),
      h('section', { class: 'panel', 'aria-label': 'curves' }, h('h2', {}, 'How they learned'), this.charts.element, this.similar),
      h('div', { class: 'panel' }, section('image', 'Another image', () => {}, this.picker.element)));
  }

  async update() {
    const { left, right } = this;
    await left.choice.loaded;
    left.use(state.model ?? left.choice.newest);
    right.use(state.with ?? left.id);
    // Of one model with itself they begin at its ends, from where they cannot move together.
    this.linked.checked = state.linked === undefined ? left.id !== right.id : state.linked === 'yes';
    this.show();
  }

  close() {
    this.left.close();
    this.right.close();
  }

  key(key) {
    const { left } = this;
    const act = { ArrowLeft: () => left.bar.step(-1), ArrowRight: () => left.bar.step(1), Home: () => left.bar.edge(0), End: () => left.bar.edge(-1), ' ': () => left.bar.toggle() }[key];
    act?.();
    return Boolean(act);
  }

  /** One slider moved; the other goes as far with it while both are linked, as far as there are epochs. */
  moved(side, epoch) {
    const other = side === this.left ? this.right : this.left;
    const [mine, theirs] = [side.view, other.view];
    const patch = { [side.key]: epoch };
    if (this.linked.checked && epoch !== null && mine && theirs) {
      const wanted = theirs.epoch + (epoch - mine.epoch);
      patch[other.key] = theirs.model.epochs.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
    }
    go(patch);
  }

  show() {
    const { left, right } = this;
    const [first, second] = [left.view, right.view];
    if (!first) return left.say();
    const { summary } = first;
    const image = state.image ?? `${summary.dataset}:test:0`;
    const named = summary.layers.filter(layer => layer.output_shape.length > 1 || layer.kernel);
    const layer = named.find(one => one.name === state.layer) ?? named.find(one => one.kernel) ?? named[0];
    if (!layer) return undefined;
    setOptions(this.layer.querySelector('select'), named.map(one => [one.name, `${one.name} (${one.type})`]), layer.name);
    for (const side of [left, right]) side.show(layer.name, image);
    this.picker.update({ ...first, image });
    if (!second) return right.say();
    const same = left.id === right.id;
    const histories = same ? [first.model.history] : [left, right].map(side => ({ ...side.view?.model.history ?? first.model.history, name: side.name }));
    const end = Math.max(first.model.newest ?? 0, second.model.newest ?? 0);
    this.charts.draw(histories, { end, mark: first.epoch });
    if (this.similar.open) {
      const asked = { epoch: first.epoch, with: right.id, with_epoch: second.epoch };
      this.similarity.show(path(`${first.model.place}/similarity.png`, asked), {
        alt: `how alike the layers are${same ? ' at both epochs' : ''}`, caption: 'linear CKA over the test images: 1 is the same up to a rotation',
      });
    }
    return announce(`epochs ${first.epoch} and ${second.epoch}`);
  }
}

/** One of the two. */
class Side {
  /** @type {Model | null} */
  model = null;

  /**
   * @param {'left' | 'right'} side
   * @param {string} idKey where the address has the model
   * @param {string} key where it has the epoch
   * @param {Compare} compare
   */
  constructor(side, idKey, key, compare) {
    this.side = side;
    this.key = key;
    this.compare = compare;
    this.choice = modelChoice(side, id => go({ [idKey]: id, [key]: null }, { step: true }));
    this.bar = new EpochBar({ label: `epoch, ${side}`, onPick: epoch => compare.moved(this, epoch), settled: () => this.filters.ready });
    this.filters = new Picture();
    this.maps = new Picture();
    this.bars = new PredictionBars();
    this.problem = h('p', { class: 'empty', hidden: true });
    this.filtersPart = h('section', {}, h('h3', {}, 'Filters'), this.filters.element);
    this.body = h('div', { class: 'side-panel' }, this.bar.element, this.filtersPart,
      h('section', {}, h('h3', {}, 'Feature maps of the image'), this.maps.element), h('section', {}, h('h3', {}, 'What it says of the image'), this.bars.element));
    this.element = h('section', { class: 'panel', 'aria-label': side }, this.choice.element, this.problem, this.body);
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

  say() {
    this.body.hidden = true;
    this.problem.hidden = false;
    this.problem.textContent = this.model?.problem?.message ?? (this.model === null ? 'There is no model yet: train one.' : 'Loading…');
  }

  show(layerName, image) {
    const { view } = this;
    if (!view) return;
    const { model, epoch } = view;
    this.body.hidden = false;
    this.problem.hidden = true;
    this.bar.update({ epochs: model.epochs, epoch, followed: state[this.key] === undefined, running: model.running });
    this.#draw(model, model.layer(layerName), layerName, epoch, image);
    this.bars.show({ ...view, image });
  }

  /** @param {Model} model @param {import('../types.d.ts').Layer | null} layer @param {string} name */
  #draw(model, layer, name, epoch, image) {
    this.filtersPart.hidden = !layer?.kernel;
    if (layer === null) return this.maps.clear(`This model has no layer ${name}.`);
    const place = `${model.place}/layers/${name}`;
    const first = count => (count > most ? { count: most } : {});
    const filters = at => path(`${place}/filters.png`, { epoch: at, ...first(layer.filters), cmap: state.cmap, normalize: state.normalize });
    const maps = at => path(`${place}/activations.png`, { image, epoch: at, ...first(layer.output_shape.at(-1)) });
    const said = `${name}, ${this.side}, epoch ${epoch}`;
    if (layer.kernel) this.filters.show(filters(epoch), { alt: `filters of ${said}`, caption: `epoch ${epoch}, kernel ${shapeText(layer.kernel)}` });
    this.maps.show(maps(epoch), { alt: `feature maps of ${said}`, caption: shapeText(layer.output_shape) });
    const near = this.bar.neighbours(1).flatMap(at => [...(layer.kernel ? [filters(at)] : []), maps(at)]);
    Promise.all([this.filters.ready, this.maps.ready]).then(() => preload(near));
    return undefined;
  }
}
