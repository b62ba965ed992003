// One filter: its kernel in numbers, its feature map, and the images that move it most.
import { getArray, path } from './api.js';
import { h } from './dom.js';
import { Picture } from './picture.js';

// A larger kernel is looked at, not read.
const mostCells = 64;

export class FilterCard {
  #numbers = '';

  /** @param {{onRelease: () => unknown}} told */
  constructor({ onRelease }) {
    this.title = h('h3', {}, 'Filter');
    this.hint = h('p', { class: 'faint' }, 'Point at a filter to see it here; click to keep it.');
    this.release = h('button', { type: 'button', class: 'small', hidden: true, onclick: onRelease }, 'let go');
    this.kernel = new Picture({ className: 'enlarged' });
    this.table = h('table', { class: 'kernel', hidden: true });
    this.map = new Picture({ className: 'enlarged' });
    this.top = new Picture({ long: true, className: 'enlarged' });
    this.body = h('div', { class: 'card-body', hidden: true },
      section('Kernel', this.kernel.element, h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'values of the kernel' }, this.table)),
      section('Feature map of the image', this.map.element), section('Test images that move it most', this.top.element));
    this.element = h('section', { class: 'panel card', 'aria-label': 'one filter' }, h('div', { class: 'row' }, this.title, this.release), this.hint, this.body);
  }

  /** @param {import('./types.d.ts').Shown & {pinned: boolean}} shown */
  update({ model, layer, epoch, image, filter, pinned, channel, drawing }) {
    const any = filter !== null;
    this.body.hidden = !any;
    this.hint.hidden = any;
    this.release.hidden = !pinned;
    this.title.textContent = any ? `${layer.type === 'dense' ? 'Unit' : 'Filter'} ${filter} of ${layer.name}` : 'Filter';
    if (!any) return;
    const place = `${model.place}/layers/${layer.name}`;
    const one = { start: filter, count: 1, epoch };
    const hasKernel = layer.kernel;
    this.kernel.element.parentElement.hidden = !hasKernel;
    if (hasKernel) {
      const asked = { ...one, channel };
      this.kernel.show(path(`${place}/filters.png`, { ...asked, ...drawing, scale: '' }), { alt: `kernel of filter ${filter}` });
      this.#show(path(`${place}/filters.npy`, asked));
    }
    this.map.show(path(`${place}/activations.png`, { image, ...one, cmap: drawing.cmap }), { alt: `feature map of filter ${filter}` });
    this.top.element.parentElement.hidden = !hasKernel;
    if (hasKernel) this.top.show(path(`${place}/top_images.png`, { filter, epoch }), { alt: `what filter ${filter} answers to most` });
  }

  /** @param {string} place */
  async #show(place) {
    if (place === this.#numbers) return;
    this.#numbers = place;
    try {
      const { shape, values } = await getArray(place);
      if (place !== this.#numbers) return;
      const [, rows, cols] = shape;
      const readable = shape.length === 3 && rows * cols <= mostCells;
      this.table.hidden = !readable;
      if (!readable) return;
      const largest = Math.max(...values.map(Math.abs)) || 1;
      this.table.replaceChildren(...Array.from({ length: rows }, (_, y) => h('tr', {}, ...Array.from({ length: cols }, (_, x) => {
        const value = values[y * cols + x];
        const cell = h('td', {}, value.toFixed(3));
        cell.style.setProperty('--share', String(Math.abs(value) / largest));
        cell.className = value < 0 ? 'negative' : 'positive';
        return cell;
      }))));
    } catch {
      this.table.hidden = true;
    }
  }
}

/** @param {string} name @param {...any} children */
const section = (name, ...children) => h('div', { class: 'part' }, h('h4', {}, name), ...children);
