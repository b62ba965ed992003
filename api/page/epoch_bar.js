// The one slider for the whole page: which epoch is looked at.
import { h } from './dom.js';

const calm = matchMedia('(prefers-reduced-motion: reduce)');
const frame = 200;

/**
 * onPick(epoch) is called with a number, or null for the newest, whichever that is. `settled()` is asked before
 * playing goes on, so that no epoch is passed over unseen.
 */
export class EpochBar {
  #epochs = [0];
  #epoch = 0;
  #playing = false;
  #run = 0;

  /** @param {{label?: string, onPick: (epoch: number | null) => void, settled?: () => Promise<unknown>}} told */
  constructor({ label = 'epoch', onPick, settled = async () => {} }) {
    this.onPick = onPick;
    this.settled = settled;
    /** @param {string} text @param {string} name @param {() => unknown} act */
    const button = (text, name, act) => h('button', { type: 'button', 'aria-label': name, title: name, onclick: act }, text);
    this.play = h('button', { type: 'button', class: 'play', onclick: () => this.toggle() }, 'Play');
    this.slider = h('input', { type: 'range', min: 0, max: 0, step: 1, value: 0, 'aria-label': label, oninput: () => this.#pick(this.#epochs[this.slider.valueAsNumber]) });
    this.text = h('output', { class: 'epoch-text' });
    this.live = h('button', { type: 'button', class: 'live', hidden: true, onclick: () => this.#pick(null) }, 'follow');
    this.element = h(
      'div', { class: 'epoch-bar', role: 'group', 'aria-label': label },
      button('|◀', 'before training', () => this.edge(0)), button('◀', 'one epoch back', () => this.step(-1)),
      this.play, button('▶', 'one epoch on', () => this.step(1)), button('▶|', 'newest epoch', () => this.edge(-1)),
      this.slider, this.text, this.live,
    );
  }

  /**
   * epochs: those there are; followed: whether the newest is shown, whichever that is; running: more will come.
   * @param {{epochs: number[], epoch: number, followed: boolean, running: boolean}} told
   */
  update({ epochs, epoch, followed, running }) {
    this.#epochs = epochs.length ? epochs : [0];
    this.#epoch = epoch;
    this.slider.max = String(this.#epochs.length - 1);
    this.slider.value = String(Math.max(0, this.#epochs.indexOf(epoch)));
    const text = `${epoch === 0 ? 'before training' : `epoch ${epoch}`} of ${this.#epochs.at(-1)}`;
    this.text.textContent = text;
    this.slider.setAttribute('aria-valuetext', text);
    this.live.hidden = !running;
    this.live.setAttribute('aria-pressed', String(Boolean(followed)));
  }

  /** The epochs beside the one shown, next first: likely to be wanted soon. */
  neighbours(reach = 2) {
    const at = this.#epochs.indexOf(this.#epoch);
    const near = [];
    for (let step = 1; step <= reach; step++) near.push(at + step, at - step);
    return near.filter(i => i >= 0 && i < this.#epochs.length).map(i => this.#epochs[i]);
  }

  /** @param {number} by */
  step(by) {
    this.stop();
    const at = this.#epochs.indexOf(this.#epoch) + by;
    if (at >= 0 && at < this.#epochs.length) this.onPick(this.#epochs[at]);
  }

  /** @param {number} at */
  edge(at) {
    this.#pick(this.#epochs.at(at));
  }

  toggle() {
    if (this.#playing) return this.stop();
    if (this.#epochs.length < 2) return undefined;
    this.#playing = true;
    this.#showPlaying();
    return this.#go(++this.#run);
  }

  stop() {
    this.#playing = false;
    this.#run++;
    this.#showPlaying();
  }

  #showPlaying() {
    this.play.textContent = this.#playing ? 'Pause' : 'Play';
  }

  /** @param {number | null} [epoch] */
  #pick(epoch) {
    this.stop();
    this.onPick(epoch ?? null);
  }

  /** @param {number} run */
  async #go(run) {
    const last = () => this.#epoch === this.#epochs.at(-1);
    if (last()) this.onPick(this.#epochs[0]);
    while (this.#playing && run === this.#run) {
      // No motion that was not asked for: who wants little of it gets a slower pace.
      await Promise.all([this.settled(), new Promise(done => setTimeout(done, calm.matches ? 4 * frame : frame))]);
      if (run !== this.#run) return;
      if (last()) return this.stop();
      this.onPick(this.#epochs[this.#epochs.indexOf(this.#epoch) + 1]);
    }
  }
}
