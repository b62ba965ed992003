// Which image is looked at: a test image, one that the model gets wrong, a file, or a drawing.
import { get, path, send } from './api.js';
import { h, select } from './dom.js';
import { drawPad } from './draw_pad.js';
import { Picture } from './picture.js';
import { Tiles } from './tiles.js';

const cols = 6;
const rows = 4;
const ways = { test: 'Test images', mistakes: 'Mistakes', file: 'File', draw: 'Draw' };

/** onPick(reference) is called with an image reference of the API. */
export class ImagePicker {
  #way = 'test';
  #class = '';
  #start = 0;
  #drawn = '';
  #items = [];

  constructor(onPick) {
    this.onPick = onPick;
    this.sheet = new Picture({ className: 'samples' });
    this.tiles = new Tiles(this.sheet.overlay, { name: 'image', onPoint: () => {}, onPick: index => this.onPick(this.#reference(index)) });
    this.message = h('p', { class: 'message', role: 'alert', hidden: true });
    this.tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'where the image is from' },
      Object.entries(ways).map(([way, name]) => h('button', { type: 'button', role: 'tab', id: `way-${way}`, 'data-way': way, 'aria-controls': 'image-choice', onclick: () => this.#choose(way) }, name)));
    this.tabs.addEventListener('keydown', event => this.#turn(event));
    this.panel = h('div', { id: 'image-choice', role: 'tabpanel', class: 'choice' });
    this.drop = h('label', { class: 'drop' }, h('span', {}, 'Drop a picture here, or choose one'),
      h('input', { type: 'file', accept: 'image/*', onchange: event => event.target.files[0] && this.upload(event.target.files[0]) }));
    this.pad = drawPad(blob => this.upload(new File([blob], 'drawing.png', { type: 'image/png' })));
    this.browse = h('div', { class: 'browse' });
    this.element = h('div', { class: 'picker' }, this.tabs, this.panel, this.message);
    this.element.addEventListener('dragover', event => { event.preventDefault(); this.element.classList.add('over'); });
    this.element.addEventListener('dragleave', () => this.element.classList.remove('over'));
    this.element.addEventListener('drop', event => {
      event.preventDefault();
      this.element.classList.remove('over');
      const [file] = event.dataTransfer.files;
      if (file) this.upload(file);
    });
    this.#choose('test');
  }

  /** @param {import('./model.js').Model} model */
  update(model, epoch, image) {
    this.model = model;
    this.epoch = epoch;
    this.image = image;
    this.#show();
  }

  /** The reference of the test image so many further on. */
  beside(step) {
    const [dataset, split, index] = (this.image ?? '').split(':');
    const next = Number(index) + step;
    if (split === undefined || !Number.isInteger(next) || next < 0) return null;
    return `${dataset}:${split}:${next}`;
  }

  async upload(file) {
    const form = new FormData();
    form.append('file', file);
    this.#say('');
    try {
      const { reference } = await send('POST', '/v1/images', form);
      // Whether the model can read it is told before anything else is asked about it.
      await get(path(`${this.model.place}/predictions.json`, { image: reference, epoch: this.epoch }));
      this.onPick(reference);
    } catch (error) {
      this.#say(`${file.name}: ${error.message}`);
    }
  }

  #say(text) {
    this.message.hidden = !text;
    this.message.textContent = text;
  }

  #choose(way) {
    this.#way = way;
    this.#say('');
    for (const tab of this.tabs.children) {
      const on = tab.dataset.way === way;
      tab.setAttribute('aria-selected', String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    this.panel.setAttribute('aria-labelledby', `way-${way}`);
    this.panel.replaceChildren({ file: this.drop, draw: this.pad }[way] ?? h('div', {}, this.browse, this.sheet.element));
    this.#drawn = '';
    if (this.model) this.#show();
  }

  #turn(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const tabs = [...this.tabs.children];
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }

  async #show() {
    if (this.#way === 'test') await this.#showTests();
    if (this.#way === 'mistakes') await this.#showMistakes();
  }

  async #showTests() {
    const { dataset, classes } = this.model.summary;
    const parameters = { rows, cols, class: this.#class, start: this.#start || '' };
    const place = path(`/v1/datasets/${dataset}/test/images.png`, parameters);
    if (this.#drawn === place) return this.#mark();
    this.#drawn = place;
    try {
      const sheet = await get(place.replace('.png', '.json'));
      if (this.#drawn !== place) return undefined;
      const last = Math.max(0, Math.floor((sheet.total - 1) / (rows * cols)) * rows * cols);
      const turn = to => { this.#start = Math.max(0, Math.min(last, to)); this.#show(); };
      this.browse.replaceChildren(
        select('class', [['', 'all'], ...classes.map((name, n) => [n, name])], this.#class, value => { this.#class = value; this.#start = 0; this.#show(); }),
        h('span', { class: 'pager' },
          h('button', { type: 'button', 'aria-label': 'images before', disabled: this.#start === 0, onclick: () => turn(this.#start - rows * cols) }, '‹'),
          h('span', { class: 'faint' }, `${this.#start + 1}–${this.#start + sheet.items.length} of ${sheet.total}`),
          h('button', { type: 'button', 'aria-label': 'images after', disabled: this.#start >= last, onclick: () => turn(this.#start + rows * cols) }, '›')),
      );
      this.#items = sheet.items.map(item => ({ image: item.image, name: `${item.index}, a ${item.class_name}` }));
      this.#tile(sheet.grid, place, `test images of ${dataset}`);
    } catch (error) {
      this.#say(error.message);
    }
    return undefined;
  }

  async #showMistakes() {
    const limit = rows * cols;
    const place = path(`${this.model.place}/mistakes.png`, { epoch: this.epoch, limit, cols });
    if (this.#drawn === place) return this.#mark();
    this.#drawn = place;
    try {
      const told = await get(path(`${this.model.place}/evaluation.json`, { epoch: this.epoch, limit }));
      if (this.#drawn !== place) return undefined;
      this.browse.replaceChildren(h('p', { class: 'faint' }, told.mistakes_total
        ? `${told.mistakes_total} of ${told.samples} wrong after epoch ${told.epoch}; the surest first. Below each: what it is, and what was said.`
        : `None of ${told.samples} is wrong.`));
      this.#items = told.mistakes.map(one => ({ image: one.image, name: `${one.image.split(':').at(-1)}, a ${one.label_name} taken for a ${one.predicted_name}` }));
      if (told.mistakes.length) {
        await this.sheet.show(place, { alt: 'test images that the model gets wrong' });
        this.#tile(gridOf(this.sheet.image, told.mistakes.length), null, 'mistakes');
      } else this.sheet.clear('');
    } catch (error) {
      this.#say(error.message);
    }
    return undefined;
  }

  #tile(grid, place, label) {
    if (place) this.sheet.show(place, { alt: label });
    this.grid = grid;
    this.label = label;
    this.#mark();
  }

  #mark() {
    const indices = this.#items.map((_, n) => n);
    if (this.grid) this.tiles.update({ grid: this.grid, indices }, this.#items.findIndex(item => item.image === this.image), this.label);
    [...this.sheet.overlay.children].forEach((tile, n) => {
      tile.setAttribute('aria-label', `image ${this.#items[n]?.name}`);
      tile.title = this.#items[n]?.name ?? '';
    });
  }

  #reference(n) {
    return this.#items[n].image;
  }
}

/** The grid of a sheet whose tiles fill it evenly. */
function gridOf(image, count) {
  const filled = Math.ceil(count / cols);
  return { rows: filled, cols: Math.min(cols, Math.max(cols, count)), gap: 0, row_pitch: image.naturalHeight / filled, col_pitch: image.naturalWidth / cols };
}
