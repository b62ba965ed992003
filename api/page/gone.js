// What is not there any more: said by the service when it is asked for, and by the window that has deleted it.
import { h } from './dom.js';

/** @type {Set<{listener: (id: string) => void, element: Element | null}>} */
const listeners = new Set();
const windows = new BroadcastChannel('cnnservice-gone');

/**
 * Call with the id of each job or sweep that turns out not to be there, as long as an element is on the page, where one
 * is named.
 * @param {(id: string) => void} listener
 * @param {Element | null} [element]
 * @returns {() => void} stops that
 */
export function onGone(listener, element = null) {
  const entry = { listener, element };
  listeners.add(entry);
  return () => listeners.delete(entry);
}

/** The service knows nothing of this id. @param {string} id */
export function missed(id) {
  for (const entry of [...listeners]) {
    if (entry.element && !entry.element.isConnected) listeners.delete(entry);
    else entry.listener(id);
  }
}

/** It was deleted here: the other windows of this browser hear of it, too. @param {string} id */
export function deleted(id) {
  windows.postMessage(id);
  missed(id);
}

windows.onmessage = (/** @type {MessageEvent<string>} */ event) => missed(event.data);

/** What there is to do where there is none. */
export const train = { href: '/?view=train', text: 'Train a network' };

/** What stands in its place: what has become of it, and the newest that there is instead. */
export class Instead {
  constructor() {
    this.element = h('p', { class: 'empty', role: 'status', hidden: true });
  }

  /** @param {string} why @param {{href: string, text: string} | null} other */
  show(why, other) {
    this.element.hidden = false;
    const told = JSON.stringify([why, other]);
    if (this.element.dataset.told === told) return;
    this.element.dataset.told = told;
    this.element.replaceChildren(h('span', {}, why), ...(other ? [' ', h('a', { href: other.href }, other.text)] : []));
  }

  hide() {
    this.element.hidden = true;
    delete this.element.dataset.told;
    this.element.replaceChildren();
  }
}
