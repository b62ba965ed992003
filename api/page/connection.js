// Whether the service answers. When it does not, the page says so, asks again, and goes on by itself.

import { byId } from './dom.js';

const listeners = new Set();
const slowest = 5000;
// A page that asks for nothing would not notice.
const quiet = 10000;
let away = false;
let asking = 0;
let heard = performance.now();

/**
 * Call when the service is back after it was away, as long as an element is on the page, where one is named.
 * @returns {() => void} stops that
 * @param {() => unknown} listener
 */
export function onReturn(listener, element = null) {
  const entry = { listener, element };
  listeners.add(entry);
  return () => listeners.delete(entry);
}

/** The service did not answer. */
export function lost() {
  if (away) return;
  away = true;
  show();
  ask(500);
}

/** It did. */
export function reached() {
  heard = performance.now();
  if (!away) return;
  away = false;
  clearTimeout(asking);
  show();
  for (const entry of [...listeners]) {
    if (entry.element && !entry.element.isConnected) listeners.delete(entry);
    else entry.listener();
  }
}

/** @param {number} milliseconds */
function ask(milliseconds) {
  asking = setTimeout(async () => {
    try {
      const response = await fetch('/healthz', { cache: 'no-store' });
      if (response.ok) return reached();
    } catch {
      // Still away.
    }
    if (away) ask(Math.min(slowest, milliseconds * 2));
  }, milliseconds);
}

function show() {
  const place = byId('connection');
  place.hidden = !away;
  place.textContent = away ? 'The service does not answer. What is shown is what was there before; trying again…' : '';
}

addEventListener('online', () => away && ask(0));

setInterval(async () => {
  if (away || document.hidden || performance.now() - heard < quiet) return;
  try {
    await fetch('/healthz', { cache: 'no-store' });
    reached();
  } catch {
    lost();
  }
}, quiet / 2);
