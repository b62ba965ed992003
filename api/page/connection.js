// Whether the service answers. When it does not, the page says so, asks again, and goes on by itself.

const listeners = new Set();
const slowest = 5000;
let away = false;
let asking = 0;

/** Call when the service is back after it was away. @returns {() => void} stops that */
export function onReturn(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
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
  if (!away) return;
  away = false;
  clearTimeout(asking);
  show();
  for (const listener of [...listeners]) listener();
}

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
  const place = document.getElementById('connection');
  if (!place) return;
  place.hidden = !away;
  place.textContent = away ? 'The service does not answer. What is shown is what was there before; trying again…' : '';
}

addEventListener('online', () => away && ask(0));
