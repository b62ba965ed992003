// Two models, or one at two epochs, side by side.
import { path } from '../api.js';
import { Side } from '../compare_side.js';
import { historyCharts } from '../curves.js';
import { announce, h, select, setOptions } from '../dom.js';
import { ImagePicker } from '../image_picker.js';
import { Picture } from '../picture.js';
import { section } from '../section.js';
import { go, imageOf, state } from '../state.js';

export class Compare {
  constructor() {
    this.left = new Side('left', 'model', 'epoch', this);
    this.right = new Side('right', 'with', 'with_epoch', this);
    this.linked = h('input', { type: 'checkbox', onchange: event => go({ linked: event.target.checked ? 'yes' : 'no' }) });
    this.layer = select('layer', [['', '']], '', value => go({ layer: value }));
    this.picker = new ImagePicker(image => go({ image }));
    this.charts = historyCharts();
    this.similarity = new Picture({ long: true, className: 'paper' });
    this.similar = section('similarity', 'How alike their layers are', () => this.show(), this.similarity.element);
    // Where there is no model on the left there is nothing to compare.
    this.below = h('div', { class: 'compare', hidden: true },
      h('section', { class: 'panel', 'aria-label': 'curves' }, h('h2', {}, 'How they learned'), this.charts.element, this.similar),
      h('div', { class: 'panel' }, section('image', 'Another image', () => {}, this.picker.element)));
    this.element = h('div', { class: 'compare' }, h('h1', { class: 'unseen' }, 'Compare two models or two epochs'),
      h('div', { class: 'toolbar' }, this.layer, h('label', { class: 'check' }, this.linked, 'move both sliders together')),
      h('div', { class: 'sides' }, this.left.element, this.right.element),
      this.below);
  }

  async update() {
    const { left, right } = this;
    await left.choice.loaded;
    left.use(state.model ?? left.choice.newest?.id ?? null);
    right.use(state.with ?? left.id);
    // Of one model with itself they begin at its ends, from where they cannot move together.
    this.linked.checked = state.linked === undefined ? left.id !== right.id : state.linked === 'yes';
    this.show();
  }

  close() {
    this.left.close();
    this.right.close();
  }

  /** @param {string} key */
  key(key) {
    const { left } = this;
    const act = { ArrowLeft: () => left.bar.step(-1), ArrowRight: () => left.bar.step(1), Home: () => left.bar.edge(0), End: () => left.bar.edge(-1), ' ': () => left.bar.toggle() }[key];
    act?.();
    return Boolean(act);
  }

  /**
   * One slider moved; while both are linked the other goes to that epoch, or of one model with itself as far.
   * @param {Side} side
   * @param {number | null} epoch
   */
  moved(side, epoch) {
    const other = side === this.left ? this.right : this.left;
    const [mine, theirs] = [side.view, other.view];
    const patch = { [side.key]: epoch };
    if (this.linked.checked && epoch !== null && mine && theirs) {
      const wanted = side.id === other.id ? theirs.epoch + (epoch - mine.epoch) : epoch;
      patch[other.key] = theirs.model.epochs.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
    }
    go(patch);
  }

  show() {
    const { left, right } = this;
    const [first, second] = [left.view, right.view];
    for (const side of [left, right]) side.choice.update(side.id, side.model?.job, side.model?.otherwise);
    this.below.hidden = !first;
    if (!first) {
      right.say('It is shown when there is a model on the left.');
      return left.say();
    }
    const { summary } = first;
    const image = imageOf(summary.dataset);
    const named = summary.layers.filter(layer => layer.output_shape.length > 1 || layer.kernel);
    const layer = named.find(one => one.name === state.layer) ?? named.find(one => one.kernel) ?? named[0];
    if (!layer) return undefined;
    setOptions(this.layer.querySelector('select'), named.map(one => [one.name, `${one.name} (${one.type})`]), layer.name);
    for (const side of [left, right]) side.show(layer.name, image);
    this.picker.update({ ...first, image });
    const same = left.id === right.id;
    const histories = same ? [first.model.history] : [left, right].flatMap(side => (side.view ? [{ ...side.view.model.history, name: side.name }] : []));
    const end = Math.max(first.model.newest ?? 0, second?.model.newest ?? 0);
    this.charts.draw(histories, { end, mark: first.epoch });
    this.similar.hidden = !second;
    if (!second) return right.say();
    if (this.similar.open) {
      const asked = { epoch: first.epoch, with: right.id, with_epoch: second.epoch };
      this.similarity.show(path(`${first.model.place}/similarity.png`, asked), {
        alt: `how alike the layers are${same ? ' at both epochs' : ''}`, caption: 'linear CKA over the test images: 1 is the same up to a rotation',
      });
    }
    return announce(`epochs ${first.epoch} and ${second.epoch}`);
  }
}
