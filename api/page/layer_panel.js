// One layer: its filters, how its weights lie, and its feature maps of the image.
import { get, path } from './api.js';
import { h, select, setOptions } from './dom.js';
import { Histogram } from './histogram.js';
import { countText, shapeText } from './layer_strip.js';
import { Picture } from './picture.js';
import { section } from './section.js';
import { filterRatio, mapRatio } from './sheet_ratio.js';
import { Tiles } from './tiles.js';

const colours = [['gray', 'grey'], ['viridis', 'viridis'], ['RdBu_r', 'blue to red']];
const ranges = [['each', 'each its own'], ['layer', 'one for all'], ['symmetric', 'zero in the middle']];

/** Filters that fit into one look; more are drawn from the first on. */
const most = 128;

/** `point(index | null)` while a filter is pointed at, `change(patch)` when the state shall change. */
export class LayerPanel {
  #grids = new Map();

  /**
   * @param {{point: (index: number | null) => unknown, change: (patch: import('./state.js').Patch) => unknown}} told
   */
  constructor({ point, change }) {
    this.heading = h('h2', {});
    this.facts = h('p', { class: 'faint' });
    this.channel = select('input channel', [[0, 0]], 0, value => change({ channel: value === '0' ? null : value }));
    this.controls = h('div', { class: 'controls' },
      this.channel,
      this.colours = select('colours', colours, 'gray', value => change({ cmap: value === 'gray' ? null : value })),
      this.ranges = select('range', ranges, 'each', value => change({ normalize: value === 'each' ? null : value })));
    this.filters = new Picture();
    this.maps = new Picture();
    this.histogram = new Histogram();
    /** @param {Picture} picture @param {string} name */
    const tiles = (picture, name) => new Tiles(picture.overlay, { name, onPoint: point, onPick: index => change({ filter: index }) });
    this.filterTiles = tiles(this.filters, 'filter');
    this.mapTiles = tiles(this.maps, 'feature map');
    this.kernelPart = h('section', {}, h('h3', {}, 'Filters'), this.filters.element);
    this.histogramPart = h('section', {}, h('h3', {}, 'Weights'), this.histogram.element);
    this.mapPart = h('section', {}, h('h3', {}, 'Feature maps of the image'), this.maps.element);
    this.more = new More();
    this.element = h('section', { class: 'panel layer-panel', 'aria-label': 'the chosen layer' },
      h('div', { class: 'row' }, this.heading, this.facts), this.controls, h('div', { class: 'two' }, this.kernelPart, this.mapPart), this.histogramPart, this.more.element);
  }

  /** Where its pictures are at an epoch. @type {(epoch: number) => string[]} */
  #at = () => [];

  /** Settled when what is asked for is shown. */
  get ready() {
    return Promise.all([this.filters.ready, this.maps.ready]);
  }

  /** @param {import('./types.d.ts').Shown} shown */
  update({ model, layer, epoch, image, filter, channel, drawing }) {
    const place = `${model.place}/layers/${layer.name}`;
    this.heading.textContent = layer.name;
    this.facts.textContent = `${layer.type} → ${shapeText(layer.output_shape)}, ${countText(layer)}`;
    const channels = layer.channels ?? 1;
    this.channel.hidden = channels < 2;
    setOptions(this.channel.querySelector('select'), Array.from({ length: channels }, (_, n) => n), channel || 0);
    this.colours.querySelector('select').value = drawing.cmap || 'gray';
    this.ranges.querySelector('select').value = drawing.normalize || 'each';
    this.kernelPart.hidden = this.histogramPart.hidden = !layer.kernel;

    /** @param {number} at */
    const filters = at => path(`${place}/filters.png`, { epoch: at, channel, ...drawing, ...first(layer.filters) });
    /** @param {number} at */
    const maps = at => path(`${place}/activations.png`, { image, epoch: at, ...drawing, ...first(layer.output_shape.length > 1 ? layer.output_shape.at(-1) : layer.output_shape[0]) });
    if (layer.kernel) {
      this.filters.show(filters(epoch), { alt: `filters of ${layer.name} at epoch ${epoch}`, caption: `kernel ${shapeText(layer.kernel)}`, ratio: filterRatio(layer, most) });
      this.#tile(this.filterTiles, filters(epoch), filter, `filters of ${layer.name}`);
      this.histogram.show(model, layer.name, epoch, model.newest);
    }
    this.maps.show(maps(epoch), { alt: `feature maps of ${layer.name} at epoch ${epoch}`, caption: shapeText(layer.output_shape), ratio: mapRatio(layer, most) });
    this.#tile(this.mapTiles, maps(epoch), filter, `feature maps of ${layer.name}`);
    this.more.update(place, layer, epoch);
    this.#at = at => [...(layer.kernel ? [filters(at)] : []), maps(at)];
  }

  /** Where its pictures of other epochs are. @param {number[]} epochs */
  beside(epochs) {
    return epochs.flatMap(epoch => this.#at(epoch));
  }

  /**
   * The grid depends on the layer, not on the epoch: it is asked for once.
   * @param {Tiles & {wanted?: object}} tiles
   * @param {string} picture
   * @param {number | null} chosen
   * @param {string} label
   */
  async #tile(tiles, picture, chosen, label) {
    const key = picture.replace(/epoch=\d+/, '');
    const wanted = (tiles.wanted = { key });
    if (!this.#grids.has(key)) {
      tiles.clear();
      try {
        this.#grids.set(key, await get(picture.replace('.png', '.json')));
      } catch {
        return;
      }
    }
    if (tiles.wanted === wanted) tiles.update(this.#grids.get(key), chosen, label);
  }
}

/** @param {number} [count] */
const first = (count = 0) => (count > most ? { count: most } : {});

/** What takes longer, computed when it is opened. */
class More {
  constructor() {
    this.parts = [
      ['Inputs the filters prefer', 'maximization.png', 'the input that moves each filter most'],
      ['Test images as the layer lays them out', 'embedding.png', 'the test images in two dimensions'],
    ].map(([name, file, alt]) => {
      const picture = new Picture({ long: true, className: file.startsWith('embedding') ? 'paper' : '' });
      const element = section(file.split('.')[0], name, () => this.#fill(), picture.element);
      return { file, alt, picture, element };
    });
    this.film = h('a', { target: '_blank', rel: 'noopener' }, 'Animation of the filters by epoch');
    this.filmLine = h('p', {}, this.film);
    this.element = h('div', { class: 'more' }, ...this.parts.map(part => part.element), this.filmLine);
  }

  /** @param {string} place @param {import('./types.d.ts').Layer} layer @param {number} epoch */
  update(place, layer, epoch) {
    this.place = place;
    this.layer = layer;
    this.epoch = epoch;
    this.filmLine.hidden = this.parts[0].element.hidden = !layer.kernel;
    this.film.href = `${place}/animation.html`;
    this.#fill();
  }

  #fill() {
    for (const { element, picture, file, alt } of this.parts) {
      const count = file.startsWith('max') ? first(this.layer?.filters) : {};
      if (element.open && this.place) picture.show(path(`${this.place}/${file}`, { epoch: this.epoch, ...count }), { alt, caption: alt });
    }
  }
}
