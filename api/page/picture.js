// A picture of the API that never flickers: the last one stays until the next is there.
import { Problem, request, said, settled } from './api.js';
import { onReturn } from './connection.js';
import { h } from './dom.js';
import { Lane } from './lane.js';
import { links } from './links.js';

/** @typedef {{alt?: string, caption?: string, ratio?: number}} Told what is said of a picture, and its width to its height, about */
/** @typedef {{path: string, told: Told}} Wanted */

// Decoded pictures that were shown or are about to be: a slider moved back and forth asks for nothing again.
/** @type {Map<string, Promise<HTMLImageElement>>} */
const kept = new Map();
const most = 400;

/** A picture, decoded. @param {string} path @returns {Promise<HTMLImageElement>} */
function load(path) {
  const found = kept.get(path);
  if (found) {
    kept.delete(path);
    kept.set(path, found);
    return found;
  }
  const image = new Image();
  image.src = path;
  const decoded = image.decode().then(() => image);
  kept.set(path, decoded);
  if (kept.size > most) kept.delete(kept.keys().next().value ?? '');
  decoded.catch(() => kept.delete(path));
  return decoded;
}

const beside = new Lane(2);
const ahead = new Lane(1);

/**
 * Ask for pictures that are likely to be wanted next, the first first; those asked for before are so no more.
 * @param {string[]} paths
 */
export function preload(paths) {
  ahead.clear();
  for (const path of [...paths].reverse()) if (!kept.has(path)) ahead.run(() => load(path)).catch(() => {});
}

/**
 * A figure: a picture, what it shows, and its address at hand.
 *
 * `show(path, {alt, caption})` asks for another; while one is under way only the last asked for is remembered, so that
 * a slider moved fast shows as many as there is time for. `ready` is settled when the last asked for is shown.
 * long: what may be a long computation (202), which is waited for and its progress told. aside: it may come later than
 * what is looked at.
 */
export class Picture {
  #busy = false;
  /** @type {Wanted | null} */
  #wanted = null;
  /** @type {Wanted | null} */
  #last = null;
  #shown = '';
  #asked = '';
  /** @type {AbortController | null} */
  #abort = null;

  constructor({ long = false, aside = false, className = '' } = {}) {
    this.long = long;
    this.aside = aside;
    this.image = h('img', { alt: '', hidden: true });
    this.note = h('p', { class: 'note', hidden: true });
    this.overlay = h('div', { class: 'overlay' });
    this.frame = h('div', { class: 'frame skeleton' }, this.image, this.overlay, this.note);
    this.caption = h('span', { class: 'caption-text' });
    this.links = links();
    this.element = h('figure', { class: `picture ${className}` }, this.frame, h('figcaption', {}, this.caption, this.links.element));
    this.ready = Promise.resolve();
    onReturn(() => {
      if (this.#last && this.#asked !== this.#shown) this.#start(this.#last);
    }, this.frame);
  }

  /** @param {string} path @param {Told} [told] */
  show(path, told = {}) {
    if (path === this.#asked) {
      this.#tell(told);
      return this.ready;
    }
    this.#asked = path;
    this.#last = { path, told };
    this.frame.style.aspectRatio = told.ratio && this.frame.matches('.skeleton') ? String(told.ratio) : '';
    this.links.set(path);
    if (this.#busy && !this.long) this.#wanted = this.#last;
    else this.#start(this.#last);
    return this.ready;
  }

  /** Nothing to show; say why. */
  clear(why = '') {
    this.#asked = this.#shown = '';
    this.#wanted = this.#last = null;
    // What was under way ends without a word, so that its end is said here.
    this.#abort?.abort();
    this.#end();
    this.image.hidden = true;
    this.#giveUpRoom();
    this.#say(why);
  }

  /** Nothing is under way any more. */
  #end() {
    this.frame.classList.remove('stale');
    this.frame.removeAttribute('aria-busy');
    this.#busy = false;
  }

  /** What is shown takes its own. */
  #giveUpRoom() {
    this.frame.classList.remove('skeleton');
    this.frame.style.aspectRatio = '';
  }

  /** @param {Wanted} wanted */
  #start(wanted) {
    this.#abort?.abort();
    this.#abort = new AbortController();
    this.#busy = true;
    this.ready = this.#run(wanted, this.#abort.signal);
  }

  /** @param {Wanted} wanted @param {AbortSignal} signal */
  async #run({ path, told }, signal) {
    this.frame.setAttribute('aria-busy', 'true');
    // Only what takes a while is marked: a mark that comes and goes is a flicker.
    const slow = setTimeout(() => signal.aborted || this.frame.classList.add('stale'), 400);
    try {
      if (this.long) await settled(path, { signal, onProgress: done => this.#say(`computing… ${Math.round(done * 100)} %`) });
      const image = await (this.aside && !kept.has(path) ? beside.run(() => load(path)) : load(path));
      if (signal.aborted) return;
      this.#put(image, path, told);
    } catch (error) {
      if (signal.aborted) return;
      await this.#explain(path, error);
    } finally {
      clearTimeout(slow);
      if (!signal.aborted) this.#end();
    }
    const next = this.#wanted;
    this.#wanted = null;
    if (next) {
      this.#start(next);
      await this.ready;
    }
  }

  /** @param {HTMLImageElement} image @param {string} path @param {Told} told */
  #put(image, path, told) {
    // The very element that was decoded: set as another's source it would be decoded once more, after a blank.
    const shown = /** @type {HTMLImageElement} */ (image.isConnected ? image.cloneNode() : image);
    shown.hidden = false;
    this.image.replaceWith(shown);
    this.image = shown;
    this.#shown = path;
    this.#giveUpRoom();
    this.frame.dataset.path = path;
    this.#say('');
    this.#tell(told);
    this.element.dispatchEvent(new CustomEvent('shown', { detail: { path } }));
  }

  /** @param {Told} told */
  #tell({ alt, caption }) {
    if (alt !== undefined) this.image.alt = alt;
    if (caption !== undefined) this.caption.textContent = caption;
  }

  /** @param {string} text */
  #say(text) {
    this.note.hidden = !text;
    this.note.textContent = text;
  }

  /**
   * An <img> does not say why it could not be loaded; the same path, asked for as text, does.
   * @param {string} path
   * @param {unknown} error
   */
  async #explain(path, error) {
    let why = error;
    if (!(error instanceof Problem)) {
      try {
        await request(path, { cache: 'no-store' });
        why = null;
      } catch (problem) {
        why = problem;
      }
    }
    this.#giveUpRoom();
    if (why === null) this.#asked = '';
    else if (why instanceof Problem) {
      this.image.hidden = true;
      this.#say(why.message);
    } else if (!this.#shown) this.#say(said(why));
  }
}
