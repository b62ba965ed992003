// Look inside one model: one epoch, one layer, one image, and everything that can be seen of them.
import { path } from '../api.js';
import { announce, debounce, h } from '../dom.js';
import { AttributionPanel } from '../attribution_panel.js';
import { historyCharts } from '../curves.js';
import { EpochBar } from '../epoch_bar.js';
import { FilterCard } from '../filter_card.js';
import { Instead, train } from '../gone.js';
import { ImagePicker } from '../image_picker.js';
import { LayerPanel } from '../layer_panel.js';
import { LayerStrip } from '../layer_strip.js';
import { Model } from '../model.js';
import { modelChoice } from '../model_choice.js';
import { Picture, preload } from '../picture.js';
import { PredictionBars } from '../prediction_bars.js';
import { named } from '../progress.js';
import { section } from '../section.js';
import { address, go, imageOf, state } from '../state.js';

export class Look {
  /** @type {Model | null} */
  #model = null;
  /** @type {number | null} */
  #pointed = null;
  /** @type {import('../types.d.ts').Shown | null} */
  #told = null;
  #revealed = '';

  constructor() {
    this.choice = modelChoice('model', id => go({ model: id, epoch: null, filter: null, channel: null }, { step: true }));
    this.status = h('p', { class: 'faint' });
    this.bar = new EpochBar({ onPick: epoch => go({ epoch }), settled: () => Promise.all([this.panel.ready, this.bars.ready]) });
    this.strip = new LayerStrip(name => go({ layer: name, filter: null, channel: null }, { step: true }));
    this.input = new Picture({ className: 'input' });
    this.bars = new PredictionBars(number => go({ class: Number(state.class) === number ? null : number }));
    this.picker = new ImagePicker(image => go({ image }));
    const point = debounce(60, (/** @type {number | null} */ index) => { this.#pointed = index; this.#card(); });
    this.panel = new LayerPanel({ point, change: patch => go(patch) });
    this.card = new FilterCard({ onRelease: () => go({ filter: null }) });
    this.attributions = new AttributionPanel(patch => go(patch));
    this.charts = historyCharts(epoch => this.#model?.epochs.includes(epoch) && go({ epoch }));
    this.judged = [['confusion.png', 'what the test images of each class are taken for'], ['mistakes.png', 'the surest mistakes']].map(([file, alt]) => ({ file, alt, picture: new Picture({ aside: true, className: 'paper' }) }));
    this.judgement = section('judged', 'Judged on the test images', () => this.#judge(), h('div', { class: 'two' }, this.judged.map(one => one.picture.element)));
    this.body = h('div', { class: 'look' },
      this.strip.element,
      h('div', { class: 'columns' },
        h('section', { class: 'panel input-panel', 'aria-label': 'the image' }, h('h2', {}, 'Image'), h('div', { class: 'input-row' }, this.input.element, this.bars.element), this.picker.element),
        this.panel.element, this.card.element),
      this.attributions.element,
      h('section', { class: 'panel', 'aria-label': 'curves' }, h('h2', {}, 'How it learned'), this.charts.element, this.judgement));
    this.empty = h('p', { class: 'empty' });
    this.instead = new Instead();
    this.element = h('div', {}, h('div', { class: 'toolbar' }, h('h1', { class: 'unseen' }, 'Look inside a model'), this.choice.element, this.status), this.bar.element, this.empty, this.instead.element, this.body);
    this.body.hidden = true;
  }

  update() {
    if (!this.choice.known) this.choice.loaded.then(() => this.choice.known && this.update());
    const id = state.model ?? this.choice.newest?.id;
    this.choice.update(id);
    if (!id) {
      this.empty.textContent = this.choice.known ? 'There is no model yet: train one.' : 'Loading…';
      return;
    }
    if (this.#model?.id !== id) {
      this.#model?.close();
      this.#model = new Model(id, () => this.#show());
    }
    this.#show();
  }

  close() {
    this.bar.stop();
    this.#model?.close();
  }

  /** @param {string} key */
  key(key) {
    const act = {
      ArrowLeft: () => this.bar.step(-1), ArrowRight: () => this.bar.step(1), Home: () => this.bar.edge(0), End: () => this.bar.edge(-1), ' ': () => this.bar.toggle(), Escape: () => go({ filter: null }),
      '[': () => this.#turn(-1), ']': () => this.#turn(1), ',': () => this.#image(-1), '.': () => this.#image(1),
    }[key];
    act?.();
    return Boolean(act);
  }

  /** @param {number} step */
  #turn(step) {
    const layer = this.#told && this.strip.beside(this.#told.layer.name, step);
    if (layer) go({ layer, filter: null, channel: null });
  }

  /** @param {number} step */
  #image(step) {
    const image = this.picker.beside(step);
    if (image) go({ image });
  }

  #show() {
    const model = this.#model;
    if (!model) return;
    const { summary } = model;
    this.choice.update(model.id, model.job, model.otherwise);
    const epoch = model.epoch(state.epoch);
    const ready = summary !== null && epoch !== null;
    this.body.hidden = !ready;
    this.bar.element.hidden = !ready;
    this.empty.hidden = ready || Boolean(model.missing);
    if (model.missing) {
      const { newest } = this.choice;
      this.status.textContent = '';
      this.instead.show(model.missing, newest ? { href: address({ view: 'look', model: newest.id }), text: `Look at the newest: ${named(newest)}` } : train);
      return;
    }
    this.instead.hide();
    if (!ready) {
      const waits = model.running ? 'The job waits for a worker; there is nothing to see yet.' : 'Loading…';
      this.empty.textContent = model.running ? waits : (model.job?.error?.detail ?? model.problem?.message ?? waits);
      return;
    }
    const layer = model.layer(state.layer) ?? summary.layers.find(one => one.kernel) ?? summary.layers[0];
    if (!layer) return;
    const image = imageOf(summary.dataset);
    const drawing = { cmap: state.cmap, normalize: state.normalize };
    const filter = state.filter === undefined ? null : Number(state.filter);
    const told = (this.#told = { model, summary, epoch, image, layer, drawing, channel: state.channel ?? '', filter });
    this.bar.update({ epochs: model.epochs, epoch, followed: state.epoch === undefined, running: model.running });
    const at = model.history.epoch.indexOf(epoch);
    const accuracy = model.history.history.val_categorical_accuracy?.[at];
    this.status.textContent = [model.running ? `training, epoch ${model.job?.epochs_done} of ${model.job?.epochs}` : model.job?.status, accuracy === undefined ? null : `validation accuracy ${accuracy.toFixed(3)} at this epoch`].filter(Boolean).join(' · ');
    this.input.show(path(`${model.place}/input.png`, { image, scale: Math.max(1, Math.round(140 / Number(summary.input_shape[0]))) }), { alt: 'the image as the network reads it', caption: image.startsWith('upload:') ? 'your picture' : image });
    this.bars.show(told, state.class === undefined ? null : Number(state.class));
    this.picker.update(told);
    const near = this.bar.neighbours();
    this.panel.update(told);
    this.#card();
    // After what is looked at: a browser asks for few things at once, in this order.
    this.strip.update(told);
    if (this.#revealed !== layer.name) this.strip.reveal((this.#revealed = layer.name));
    this.attributions.update({ ...told, target: state.class, methods: state.methods });
    this.charts.draw([model.history], { end: model.end, mark: epoch });
    this.#judge();
    announce(`epoch ${epoch}`);
    // First what is looked at, then the strip's, of the epochs beside this one.
    this.panel.ready.then(() => preload([...this.panel.beside(near), ...near.slice(0, 2).flatMap(other => this.strip.at(other))]));
  }

  #card() {
    if (!this.#told) return;
    const { filter, layer } = this.#told;
    const shown = this.#pointed ?? filter;
    const within = shown !== null && shown < (layer.filters ?? layer.output_shape.at(-1) ?? 0);
    this.card.update({ ...this.#told, filter: within ? shown : null, pinned: filter !== null });
  }

  #judge() {
    if (!this.judgement.open || !this.#told) return;
    const { model, epoch } = this.#told;
    for (const { file, alt, picture } of this.judged) picture.show(`${model.place}/${file}?epoch=${epoch}`, { alt, caption: alt });
  }
}
