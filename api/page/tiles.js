// The tiles of a picture as things to point at: by mouse, by touch and by keyboard.
import { h } from './dom.js';

/**
 * Buttons over a picture's tiles. The grid is that of the picture's `.json` twin.
 * onPoint(index | null) while one is pointed at or focused, onPick(index) when it is chosen.
 */
export class Tiles {
  #signature = '';
  /** @type {HTMLElement[]} */
  #buttons = [];
  cols = 1;

  /**
   * @param {HTMLElement} overlay
   * @param {{name: string, onPoint: (index: number | null) => unknown, onPick: (index: number) => unknown}} told
   */
  constructor(overlay, { name, onPoint, onPick }) {
    this.overlay = overlay;
    this.name = name;
    this.onPoint = onPoint;
    this.onPick = onPick;
    overlay.setAttribute('role', 'group');
    overlay.addEventListener('keydown', event => this.#move(event));
    overlay.addEventListener('pointerleave', () => onPoint(null));
    overlay.addEventListener('focusout', event => {
      if (!overlay.contains(/** @type {Node | null} */ (event.relatedTarget))) onPoint(null);
    });
  }

  clear() {
    this.#signature = '';
    this.#buttons = [];
    this.overlay.replaceChildren();
  }

  /**
   * @param {{grid: import('./types.d.ts').Grid, indices: number[]}} drawing
   * @param {number | null} chosen
   * @param {string} label
   */
  update({ grid, indices }, chosen, label) {
    const signature = JSON.stringify([grid, indices, label]);
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.overlay.setAttribute('aria-label', label);
      const { rows, cols, gap, row_pitch: down, col_pitch: across } = grid;
      const [height, width] = [rows * down - gap, cols * across - gap];
      /** @param {number} part @param {number} whole */
      const percent = (part, whole) => `${(100 * part) / whole}%`;
      this.#buttons = indices.map((index, n) => {
        const tile = h('button', {
          type: 'button', class: 'tile', tabindex: -1, 'aria-label': `${this.name} ${index}`, title: `${this.name} ${index}`,
          onpointerenter: () => this.onPoint(index), onfocus: () => this.onPoint(index), onclick: () => this.onPick(index),
        });
        tile.style.left = percent((n % cols) * across, width);
        tile.style.top = percent(Math.floor(n / cols) * down, height);
        tile.style.width = percent(across - gap, width);
        tile.style.height = percent(down - gap, height);
        return tile;
      });
      this.cols = cols;
      this.overlay.replaceChildren(...this.#buttons);
    }
    this.#buttons.forEach((tile, n) => tile.setAttribute('aria-pressed', String(indices[n] === chosen)));
    const focusable = Math.max(0, indices.findIndex(index => index === chosen));
    this.#buttons.forEach((tile, n) => { tile.tabIndex = n === focusable ? 0 : -1; });
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const at = this.#buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.cols, ArrowDown: this.cols };
    /** @type {Record<string, number>} */
    const edges = { Home: 0, End: -1 };
    if (at < 0 || !(event.key in steps || event.key in edges)) return;
    event.preventDefault();
    event.stopPropagation();
    const next = event.key in edges ? this.#buttons.at(edges[event.key] ?? 0) : this.#buttons[at + (steps[event.key] ?? 0)];
    if (!next) return;
    /** @type {HTMLElement} */ (event.target).tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}
