// A layer's weights by value at an epoch; the axes stay while the epoch moves.
import { get, path } from './api.js';
import { short } from './curves.js';
import { h, svg } from './dom.js';
import { links } from './links.js';

const width = 320;
const height = 120;

export class Histogram {
  #asked = '';
  /** @type {import('./types.d.ts').Histogram | null} */
  #told = null;
  epoch = 0;

  constructor() {
    this.plot = svg('svg', { viewBox: `0 0 ${width} ${height + 18}`, role: 'img', class: 'histogram' });
    this.text = h('span', { class: 'caption-text' });
    this.links = links();
    this.element = h('figure', { class: 'picture' }, this.plot, h('figcaption', {}, this.text, this.links.element));
  }

  /**
   * newest: the epoch whose answer has all that were before.
   * @param {import('./model.js').Model} model
   * @param {string} layer
   * @param {number} epoch
   * @param {number | null} newest
   */
  async show(model, layer, epoch, newest) {
    const asked = path(`${model.place}/layers/${layer}/histogram.json`, { epoch: newest });
    this.epoch = epoch;
    this.links.set(path(`${model.place}/layers/${layer}/histogram.png`, { epoch }));
    if (asked !== this.#asked) {
      this.#asked = asked;
      try {
        /** @type {import('./types.d.ts').Histogram} */
        const told = await get(asked);
        if (asked === this.#asked) this.#told = told;
      } catch {
        return; // Said by the banner; the last one stays.
      }
    }
    this.#draw();
  }

  #draw() {
    const told = this.#told;
    const at = told ? told.epoch.indexOf(this.epoch) : -1;
    if (!told || at < 0) return;
    const counts = told.counts[at];
    const most = Math.max(...told.counts.flat());
    const [low, high] = [Math.min(...told.edges), Math.max(...told.edges)];
    /** @param {number} value */
    const x = value => ((value - low) / (high - low)) * width;
    const step = width / counts.length;
    // Square roots: a few large weights are what is looked for beside many small ones.
    const bars = counts.map((count, n) => {
      const tall = Math.sqrt(count / most) * (height - 4);
      return svg('rect', { class: 'column', x: n * step, y: height - tall, width: Math.max(0.5, step - 0.6), height: tall });
    });
    this.plot.replaceChildren(
      ...bars,
      low < 0 && high > 0 ? svg('line', { class: 'mark', x1: x(0), x2: x(0), y1: 0, y2: height }) : '',
      svg('line', { class: 'rule', x1: 0, x2: width, y1: height, y2: height }),
      svg('text', { class: 'tick', x: 0, y: height + 14 }, short(low)),
      svg('text', { class: 'tick', x: width, y: height + 14, 'text-anchor': 'end' }, short(high)),
    );
    const median = told.percentiles['50'][at];
    this.plot.setAttribute('aria-label', `${told.weight} of ${told.layer} by value at epoch ${this.epoch}: 5 to 95 % are between ${short(told.percentiles['5'][at])} and ${short(told.percentiles['95'][at])}`);
    this.text.textContent = `weights by value (square root of how many); median ${short(median)}`;
  }
}
