// Which image is looked at: a test image, one that the model gets wrong, a file, or a drawing.
import { get, path, said, send } from './api.js';
import { h, select, setOptions } from './dom.js';
import { drawPad } from './draw_pad.js';
import { Picture } from './picture.js';
import { go, state } from './state.js';
import { Tiles } from './tiles.js';

const cols = 6;
const rows = 4;
// Larger, so that what is written below them can be read.
const mistakeCols = 4;
const mistakes = 20;
const ways = { test: 'Test images', mistakes: 'Mistakes', file: 'File', draw: 'Draw' };

/** onPick(reference) is called with an image reference of the API. */
export class ImagePicker {
  #way = '';
  #drawn = '';
  /** @type {{image: string, name: string}[]} */
  #items = [];
  /** @type {import('./types.d.ts').Grid | null} */
  grid = null;
  label = '';
  /** @type {Pick<import('./types.d.ts').Shown, 'model' | 'summary' | 'epoch' | 'image'> | null} */
  shown = null;

  /** @param {(reference: string) => void} onPick */
  constructor(onPick) {
    this.onPick = onPick;
    this.sheet = new Picture({ className: 'samples' });
    this.tiles = new Tiles(this.sheet.overlay, { name: 'image', onPoint: () => {}, onPick: index => this.onPick(this.#reference(index)) });
    this.message = h('p', { class: 'message', role: 'alert', hidden: true });
    this.tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'where the image is from' },
      Object.entries(ways).map(([way, name]) => h('button', { type: 'button', role: 'tab', id: `way-${way}`, 'data-way': way, 'aria-controls': 'image-choice', onclick: () => go({ pick: way === 'test' ? null : way }) }, name)));
    this.tabs.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => this.#turn(event));
    this.panel = h('div', { id: 'image-choice', role: 'tabpanel', class: 'choice' });
    this.drop = h('label', { class: 'drop' }, h('span', {}, 'Drop a picture here, or choose one'),
      h('input', { type: 'file', accept: 'image/*', onchange: event => event.target.files[0] && this.upload(event.target.files[0]) }));
    this.pad = drawPad(blob => this.upload(new File([blob], 'drawing.png', { type: 'image/png' })));
    this.classes = select('class', [['', 'all']], '', value => go({ pick_class: value, pick_start: null }));
    /** @param {string} text @param {string} name @param {number} step */
    const turn = (text, name, step) => h('button', { type: 'button', 'aria-label': name, onclick: () => go({ pick_start: Number(state.pick_start ?? 0) + step * rows * cols || null }) }, text);
    this.before = turn('‹', 'images before', -1);
    this.after = turn('›', 'images after', 1);
    this.range = h('span', { class: 'faint' });
    this.pages = h('div', { class: 'browse' }, this.classes, h('span', { class: 'pager' }, this.before, this.range, this.after));
    this.told = h('p', { class: 'faint browse', hidden: true });
    this.element = h('div', { class: 'picker' }, this.tabs, this.panel, this.message);
    this.element.addEventListener('dragover', (/** @type {DragEvent} */ event) => { event.preventDefault(); this.element.classList.add('over'); });
    this.element.addEventListener('dragleave', () => this.element.classList.remove('over'));
    this.element.addEventListener('drop', (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      this.element.classList.remove('over');
      const [file] = event.dataTransfer?.files ?? [];
      if (file) this.upload(file);
    });
  }

  /** @param {Pick<import('./types.d.ts').Shown, 'model' | 'summary' | 'epoch' | 'image'>} shown */
  update(shown) {
    this.shown = shown;
    const way = state.pick in ways ? state.pick : 'test';
    if (way !== this.#way) this.#choose(way);
    this.#show();
  }

  /** The reference of the test image so many further on. @param {number} step */
  beside(step) {
    const [dataset, split, index] = (this.shown?.image ?? '').split(':');
    const next = Number(index) + step;
    if (split === undefined || !Number.isInteger(next) || next < 0) return null;
    return `${dataset}:${split}:${next}`;
  }

  /** @param {File} file */
  async upload(file) {
    const form = new FormData();
    form.append('file', file);
    this.#say('');
    try {
      const { reference } = await send('POST', '/v1/images', form);
      // Whether the model can read it is told before anything else is asked about it.
      await get(path(`${this.shown?.model.place}/predictions.json`, { image: reference, epoch: this.shown?.epoch }));
      this.onPick(reference);
    } catch (error) {
      this.#say(`${file.name}: ${said(error)}`);
    }
  }

  /** @param {string} text */
  #say(text) {
    this.message.hidden = !text;
    this.message.textContent = text;
  }

  /** @param {string} way */
  #choose(way) {
    this.#way = way;
    this.#say('');
    for (const tab of this.tabs.children) {
      const on = tab.dataset.way === way;
      tab.setAttribute('aria-selected', String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    this.panel.setAttribute('aria-labelledby', `way-${way}`);
    this.panel.replaceChildren({ file: this.drop, draw: this.pad }[way] ?? h('div', {}, this.pages, this.told, this.sheet.element));
    this.pages.hidden = way !== 'test';
    this.told.hidden = way !== 'mistakes';
    this.#drawn = '';
  }

  /** @param {KeyboardEvent} event */
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
    if (!this.shown) return;
    if (this.#way === 'test') await this.#showTests(this.shown);
    if (this.#way === 'mistakes') await this.#showMistakes(this.shown);
  }

  /** @param {NonNullable<ImagePicker['shown']>} shown */
  async #showTests({ summary: { dataset, classes } }) {
    const start = Number(state.pick_start ?? 0);
    const parameters = { rows, cols, class: state.pick_class, start: start || '' };
    const place = path(`/v1/datasets/${dataset}/test/images.png`, parameters);
    if (this.#drawn === place) return this.#mark();
    this.#drawn = place;
    try {
      /** @type {import('./types.d.ts').Samples} */
      const sheet = await get(place.replace('.png', '.json'));
      if (this.#drawn !== place) return undefined;
      const last = Math.max(0, Math.floor((sheet.total - 1) / (rows * cols)) * rows * cols);
      this.#page(classes, start, sheet, last);
      this.#items = sheet.items.map(item => ({ image: item.image, name: `${item.index}, a ${item.class_name}` }));
      this.#tile(sheet.grid, place, `test images of ${dataset}`);
    } catch (error) {
      this.#say(said(error));
    }
    return undefined;
  }

  /**
   * Which of the test images are shown, and ways to the others; the controls stay, so that they keep the focus.
   * @param {string[]} classes
   * @param {number} start
   * @param {import('./types.d.ts').Samples} sheet
   * @param {number} last
   */
  #page(classes, start, sheet, last) {
    setOptions(this.classes.querySelector('select'), [['', 'all'], ...classes.map((name, n) => [n, name])], state.pick_class ?? '');
    this.before.disabled = start === 0;
    this.after.disabled = start >= last;
    this.range.textContent = `${start + 1}–${start + sheet.items.length} of ${sheet.total}`;
  }

  /** @param {NonNullable<ImagePicker['shown']>} shown */
  async #showMistakes({ model, epoch }) {
    const place = path(`${model.place}/mistakes.png`, { epoch, limit: mistakes, cols: mistakeCols });
    if (this.#drawn === place) return this.#mark();
    this.#drawn = place;
    try {
      /** @type {import('./types.d.ts').Evaluation} */
      const told = await get(path(`${model.place}/evaluation.json`, { epoch, limit: mistakes }));
      if (this.#drawn !== place) return undefined;
      this.told.textContent = told.mistakes_total
        ? `${told.mistakes_total} of ${told.samples} wrong after epoch ${told.epoch}; the surest first. Below each: what it is, and what was said.`
        : `None of ${told.samples} is wrong.`;
      this.#items = told.mistakes.map(one => ({ image: one.image, name: `${one.image.split(':').at(-1)}, a ${one.label_name} taken for a ${one.predicted_name}` }));
      if (told.mistakes.length) {
        await this.sheet.show(place, { alt: 'test images that the model gets wrong' });
        this.#tile(gridOf(this.sheet.image, told.mistakes.length), null, 'mistakes');
      } else this.sheet.clear('');
    } catch (error) {
      this.#say(said(error));
    }
    return undefined;
  }

  /** @param {import('./types.d.ts').Grid} grid @param {string | null} place @param {string} label */
  #tile(grid, place, label) {
    if (place) this.sheet.show(place, { alt: label });
    this.grid = grid;
    this.label = label;
    this.#mark();
  }

  #mark() {
    const indices = this.#items.map((_, n) => n);
    if (this.grid) this.tiles.update({ grid: this.grid, indices }, this.#items.findIndex(item => item.image === this.shown?.image), this.label);
    [...this.sheet.overlay.children].forEach((tile, n) => {
      tile.setAttribute('aria-label', `image ${this.#items[n]?.name}`);
      tile.title = this.#items[n]?.name ?? '';
    });
  }

  /** @param {number} n */
  #reference(n) {
    return this.#items[n]?.image ?? '';
  }
}

/**
 * The grid of a sheet of so many mistakes; what is written below a tile belongs to it.
 * @param {HTMLImageElement} image
 * @param {number} count
 */
function gridOf(image, count) {
  const filled = Math.ceil(count / mistakeCols);
  return { rows: filled, cols: mistakeCols, scale: 1, gap: 0, row_pitch: image.naturalHeight / filled, col_pitch: image.naturalWidth / mistakeCols };
}
