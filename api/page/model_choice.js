// A list of the models there are, to choose from.
import { get } from './api.js';
import { onReturn } from './connection.js';
import { h, setOptions } from './dom.js';
import { title, when } from './progress.js';

/**
 * onPick(id) when one is chosen. `newest` is the first of the list, `loaded` is settled when it is there.
 * @param {string} label
 * @param {(id: string) => void} onPick
 */
export function modelChoice(label, onPick) {
  const list = h('select', { onchange: event => onPick(event.target.value) });
  const choice = { element: h('label', { class: 'field model-choice' }, h('span', {}, label), list), known: false, newest: /** @type {string | null} */ (null), loaded: Promise.resolve(), update };
  /** @type {import('./types.d.ts').Job[]} */
  let jobs = [];
  let chosen = '';

  async function load() {
    try {
      /** @type {{items: typeof jobs}} */
      const page = await get('/v1/jobs?limit=100', { cache: 'no-store' });
      jobs = page.items;
    } catch {
      return;
    }
    choice.known = true;
    choice.newest = jobs.find(job => job.status !== 'queued')?.id ?? jobs[0]?.id ?? null;
    show();
  }

  /** @param {string | null} [id] */
  function update(id) {
    chosen = id ?? choice.newest ?? '';
    show();
  }

  function show() {
    const options = jobs.map(job => [job.id, `${title(job)} · ${when(job)}`]);
    // One that is older than the list reaches back, or made since.
    if (chosen && !jobs.some(job => job.id === chosen)) options.unshift([chosen, chosen]);
    setOptions(list, options, chosen || choice.newest || '');
  }

  list.addEventListener('pointerdown', load);
  onReturn(load, list);
  choice.loaded = load();
  return choice;
}
