// Sections that are opened and closed, and which of them are is in the address.
import { h } from './dom.js';
import { go, state } from './state.js';

const opened = () => new Set((state.open ?? '').split(',').filter(Boolean));

/**
 * A section under a heading, closed at first; onOpen() is called when it is opened.
 * @param {string} name
 * @param {string} heading
 * @param {() => unknown} onOpen
 * @param {...any} children
 */
export function section(name, heading, onOpen, ...children) {
  return h('details', { open: opened().has(name), ontoggle: event => {
    const names = opened();
    if (event.target.open === names.has(name)) return;
    if (event.target.open) names.add(name);
    else names.delete(name);
    go({ open: [...names].join(',') });
    if (event.target.open) onOpen();
  } }, h('summary', {}, heading), ...children);
}
