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
import { go, state } from '../state.js';

const most = 64;

export class Compare {
  constructor() {
    this.sides = [new Side('left', 'model', 'epoch', this), new Side('right', 'with', 'with_epoch', this)];
    this.linked = h('input', { type: 'checkbox', onchange: event => go({ linked: event.target.checked ? 'yes' : 'no' }) });
    this.layer = select('layer', [['', '']], '', value => go({ layer: value }));
    this.picker = new ImagePicker(image => go({ image }));
    this.charts = historyCharts();
    this.similarity = new Picture({ long: true });
    this.similar = h('details', { ontoggle: () => this.show() }, h('summary', {}, 'How alike their layers are'), this.similarity.element);
    this.element = h('div', { class: 'compare' }, h('h1', { class: 'unseen' }, 'Compare two models or two epochs'),
      h('div', { class: 'toolbar' }, this.layer, h('label', { class: 'check' }, this.linked, 'move both sliders together')),
      h('div', { class: 'sides' }, this.sides.map(side => side.element)),
      h('section', { class: 'panel', 'aria-label': 'curves' }, h('h2', {}, 'How they learned'), this.charts.element, this.similar),
      h('details', { class: 'panel' }, h('summary', {}, 'Another image'), this.picker.element));
  }

  async update() {
    const [left, right] = this.sides;
    await left.choice.loaded;
    left.use(state.model ?? left.choice.newest);
    right.use(state.with ?? left.id);
    // Of one model with itself they begin at its ends, from where they cannot move together.
    this.linked.checked = state.linked === undefined ? left.id !== right.id : state.linked === 'yes';
    this.show();
  }

  close() {
    for (const side of this.sides) side.close();
  }

  key(key) {
    const [left] = this.sides;
    const act = { ArrowLeft: () => left.bar.step(-1), ArrowRight: () => left.bar.step(1), Home: () => left.bar.edge(0), End: () => left.bar.edge(-1), ' ': () => left.bar.toggle() }[key];
    act?.();
    return Boolean(act);
  }

  /** One slider moved; the other goes as far with it while both are linked, as far as there are epochs. */
  moved(side, epoch) {
    const other = this.sides.find(one => one !== side);
    const patch = { [side.key]: epoch };
    if (this.linked.checked && epoch !== null && other.ready) {
      const wanted = other.epoch + (epoch - side.epoch);
      patch[other.key] = other.model.epochs.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
    }
    go(patch);
  }

  /** The epoch of a side that the address does not name: of one model with itself its ends, else the newest. */
  start(side) {
    const [left, right] = this.sides;
    return left.id === right.id && side === left ? side.model.epochs[0] : side.model.newest;
  }

  show() {
    const [left, right] = this.sides;
    if (!left.ready) return left.say();
    const { summary } = left.model;
    const image = state.image ?? `${summary.dataset}:test:0`;
    const named = summary.layers.filter(layer => layer.output_shape.length > 1 || layer.kernel);
    const layer = named.find(one => one.name === state.layer) ?? named.find(one => one.kernel) ?? named[0];
    setOptions(this.layer.querySelector('select'), named.map(one => [one.name, `${one.name} (${one.type})`]), layer.name);
    for (const side of this.sides) if (side.ready) side.show(layer.name, image);
    this.picker.update(left.model, left.epoch, image);
    if (!right.ready) return right.say();
    const histories = left.id === right.id ? [left.model.history] : [left, right].map(side => ({ ...side.model.history, name: side.name }));
    const end = Math.max(...[left, right].map(side => side.model.epochs.at(-1)));
    this.charts.draw(histories, { end, mark: left.epoch });
    if (this.similar.open) {
      const same = left.id === right.id;
      this.similarity.show(path(`${left.model.place}/similarity.png`, { epoch: left.epoch, with: right.id, with_epoch: right.epoch }), { alt: `how alike the layers are${same ? ' at both epochs' : ''}`, caption: 'linear CKA over the test images: 1 is the same up to a rotation' });
    }
    announce(`epochs ${left.epoch} and ${right.epoch}`);
    return undefined;
  }
}

/** One of the two. */
class Side {
  model = null;

  constructor(name, idKey, key, compare) {
    Object.assign(this, { side: name, idKey, key, compare });
    this.choice = modelChoice(name, id => go({ [idKey]: id, [key]: null }, { step: true }));
    this.bar = new EpochBar({ label: `epoch, ${name}`, onPick: epoch => compare.moved(this, epoch), settled: () => this.filters.ready });
    this.filters = new Picture();
    this.maps = new Picture();
    this.bars = new PredictionBars();
    this.problem = h('p', { class: 'empty', hidden: true });
    this.filtersPart = h('section', {}, h('h3', {}, 'Filters'), this.filters.element);
    this.body = h('div', { class: 'side-panel' }, this.bar.element, this.filtersPart,
      h('section', {}, h('h3', {}, 'Feature maps of the image'), this.maps.element), h('section', {}, h('h3', {}, 'What it says of the image'), this.bars.element));
    this.element = h('section', { class: 'panel', 'aria-label': name }, this.choice.element, this.problem, this.body);
  }

  get id() {
    return this.model?.id ?? null;
  }

  get ready() {
    return this.model?.summary != null && this.model.newest !== null;
  }

  get epoch() {
    return state[this.key] === undefined ? this.compare.start(this) : this.model.epoch(state[this.key]);
  }

  get name() {
    return this.model.job ? `${this.side} (${title(this.model.job)})` : this.side;
  }

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
    this.body.hidden = false;
    this.problem.hidden = true;
    const { model, epoch } = this;
    this.bar.update({ epochs: model.epochs, epoch, followed: state[this.key] === undefined, running: model.running });
    const layer = model.layer(layerName);
    this.filtersPart.hidden = !layer?.kernel;
    const filters = at => path(`${model.place}/layers/${layerName}/filters.png`, { epoch: at, ...(layer.filters > most ? { count: most } : {}), cmap: state.cmap, normalize: state.normalize });
    const maps = at => path(`${model.place}/layers/${layerName}/activations.png`, { image, epoch: at, ...(layer.output_shape.at(-1) > most ? { count: most } : {}) });
    if (layer === null) this.maps.clear(`This model has no layer ${layerName}.`);
    else {
      if (layer.kernel) this.filters.show(filters(epoch), { alt: `filters of ${layerName}, ${this.side}, epoch ${epoch}`, caption: `epoch ${epoch}, kernel ${shapeText(layer.kernel)}` });
      this.maps.show(maps(epoch), { alt: `feature maps of ${layerName}, ${this.side}, epoch ${epoch}`, caption: shapeText(layer.output_shape) });
      Promise.all([this.filters.ready, this.maps.ready]).then(() => preload(this.bar.neighbours(1).flatMap(at => [...(layer.kernel ? [filters(at)] : []), maps(at)])));
    }
    this.bars.show(model, epoch, image);
  }
}
