// Curves by epoch, drawn here so that they grow while a network trains and say their numbers.
import { h, svg } from './dom.js';

/** @typedef {{name: string, className: string, epochs: number[], values: number[]}} Series */

const width = 420;
const height = 190;
const margin = { left: 44, right: 12, top: 12, bottom: 28 };

/**
 * One chart. Each series is {name, className, epochs, values}, values parallel to epochs; one without a name is not told.
 * `draw({end, series, mark})`: end is the epoch the axis reaches to, mark the one that is looked at.
 */
export class Curves {
  /** @type {{epochs: number[], series: Series[], mark: number | undefined, x: (epoch: number) => number} | null} */
  #drawn = null;

  /** @param {string} title @param {(epoch: number) => void} [onPick] */
  constructor(title, onPick) {
    this.heading = h('h3', {}, title);
    this.plot = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', class: 'curves' });
    this.told = h('p', { class: 'curve-values faint' });
    this.legend = h('p', { class: 'legend' });
    this.element = h('figure', { class: 'chart' }, h('figcaption', {}, this.heading, this.legend), this.plot, this.told);
    this.plot.addEventListener('pointermove', (/** @type {PointerEvent} */ event) => this.#hover(event));
    this.plot.addEventListener('pointerleave', () => this.#say(this.#drawn?.mark));
    if (onPick) this.plot.addEventListener('click', (/** @type {MouseEvent} */ event) => {
      const epoch = this.#epochAt(event);
      if (epoch !== null) onPick(epoch);
    });
  }

  /** @param {{end: number, series: Series[], mark: number | undefined}} told */
  draw({ end, series, mark }) {
    const values = series.flatMap(one => one.values).filter(Number.isFinite);
    const epochs = [...new Set(series.flatMap(one => one.epochs))].sort((a, b) => a - b);
    const [low, high] = range(values);
    const first = Math.min(1, epochs[0] ?? 1);
    const last = Math.max(end, first + 1);
    /** @param {number} epoch */
    const x = epoch => margin.left + ((epoch - first) / (last - first)) * (width - margin.left - margin.right);
    /** @param {number} value */
    const y = value => height - margin.bottom - ((value - low) / (high - low)) * (height - margin.top - margin.bottom);
    this.#drawn = { epochs, series, mark, x };
    const parts = [];
    for (const tick of ticks(low, high, 4)) {
      parts.push(svg('line', { class: 'rule', x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }));
      parts.push(svg('text', { class: 'tick', x: margin.left - 6, y: y(tick) + 4, 'text-anchor': 'end' }, tick));
    }
    for (const tick of ticks(first, last, 6).filter(Number.isInteger)) {
      parts.push(svg('text', { class: 'tick', x: x(tick), y: height - 8, 'text-anchor': 'middle' }, tick));
    }
    if (mark !== undefined && mark !== null && mark >= first) parts.push(svg('line', { class: 'mark', x1: x(mark), x2: x(mark), y1: margin.top, y2: height - margin.bottom }));
    for (const one of series) {
      const points = one.epochs.map((epoch, i) => /** @type {[number, number]} */ ([epoch, one.values[i] ?? NaN])).filter(([, value]) => Number.isFinite(value));
      parts.push(svg('polyline', { class: `curve ${one.className}`, points: points.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(' ') }));
      const newest = points.at(-1);
      if (newest) parts.push(svg('circle', { class: `dot ${one.className}`, r: 3, cx: x(newest[0]), cy: y(newest[1]) }));
    }
    this.plot.replaceChildren(...parts);
    const told = series.filter(one => one.name);
    this.plot.setAttribute('aria-label', `${this.heading.textContent} by epoch: ${told.map(one => `${one.name} ${short(one.values.at(-1) ?? NaN)}`).join(', ') || 'nothing yet'}`);
    this.legend.replaceChildren(...told.map(one => h('span', { class: `key ${one.className}` }, one.name)));
    this.#say(mark);
  }

  /** @param {PointerEvent | MouseEvent} event */
  #epochAt(event) {
    if (!this.#drawn?.epochs.length) return null;
    const box = this.plot.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    const { epochs, x } = this.#drawn;
    return epochs.reduce((best, epoch) => (Math.abs(x(epoch) - at) < Math.abs(x(best) - at) ? epoch : best));
  }

  /** @param {PointerEvent | MouseEvent} event */
  #hover(event) {
    this.#say(this.#epochAt(event));
  }

  /** @param {number | null} [epoch] */
  #say(epoch) {
    const { epochs, series } = this.#drawn ?? { epochs: [], series: [] };
    const at = epoch ?? epochs.at(-1) ?? 0;
    const told = series.filter(one => one.name && one.epochs.includes(at)).map(one => `${one.name} ${short(one.values[one.epochs.indexOf(at)])}`);
    this.told.textContent = told.length ? `epoch ${at}: ${told.join(', ')}` : ' ';
  }
}

/**
 * Loss, and every metric, of one history or several, as `history.json` has them: a chart each.
 * @param {(epoch: number) => void} [onPick]
 */
export function historyCharts(onPick) {
  const element = h('div', { class: 'charts' });
  const charts = new Map();
  return {
    element,
    /**
     * @param {{name?: string, epoch: number[], history: Record<string, number[]>}[]} histories
     * @param {{end: number, mark?: number}} axis
     */
    draw(histories, { end, mark }) {
      const metrics = new Set(histories.flatMap(one => Object.keys(one.history)).filter(name => !name.startsWith('val_')));
      for (const metric of ['loss', ...[...metrics].filter(name => name !== 'loss')]) {
        if (!charts.has(metric)) {
          charts.set(metric, new Curves(readable(metric), onPick));
          element.append(charts.get(metric).element);
        }
        const series = histories.flatMap((one, n) => [[metric, 'training', 'training'], [`val_${metric}`, 'validation', 'validation']]
          .filter(([key]) => one.history[key])
          .map(([key, name, className]) => ({ name: one.name ? `${one.name}, ${name}` : name, className: n ? `${className} second` : className, epochs: one.epoch, values: one.history[key] })));
        charts.get(metric).draw({ series, end, mark });
      }
    },
  };
}

/** @param {string} name */
export const readable = name => ({ loss: 'Loss', categorical_accuracy: 'Accuracy' })[name] ?? name.replaceAll('_', ' ');

/** @param {number} value */
export function short(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 10000) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** @param {number[]} values */
function range(values) {
  if (!values.length) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** @param {number} low @param {number} high @param {number} wanted */
function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= 0.75 * rough) ?? power;
  const found = [];
  for (let n = Math.ceil(low / step); n * step <= high * (1 + 1e-9); n++) found.push(Number((n * step).toPrecision(12)));
  return found;
}
