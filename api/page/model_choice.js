// A list of the models there are, to choose from.
import { get } from './api.js';
import { onReturn } from './connection.js';
import { h, setOptions } from './dom.js';
import { onGone } from './gone.js';
import { named } from './progress.js';

/** @typedef {import('./types.d.ts').Job} Job */

/**
 * onPick(id) when one is chosen. `newest` is the first of the list, `loaded` is settled when it is there.
 * @param {string} label
 * @param {(id: string) => void} onPick
 */
export function modelChoice(label, onPick) {
  const list = h('select', { onchange: event => onPick(event.target.value) });
  const choice = { element: h('label', { class: 'field model-choice' }, h('span', {}, label), list), known: false, newest: /** @type {Job | null} */ (null), loaded: Promise.resolve(), update };
  /** @type {Job[]} */
  let jobs = [];
  let chosen = '';
  let otherwise = '…';

  async function load() {
    try {
      /** @type {{items: Job[]}} */
      const page = await get('/v1/jobs?limit=100', { cache: 'no-store' });
      choice.known = true;
      take(page.items);
    } catch {
      // Said by the banner, and asked again on its return.
    }
  }

  /** @param {Job[]} there */
  function take(there) {
    jobs = there;
    choice.newest = jobs.find(job => job.status !== 'queued') ?? jobs[0] ?? null;
    show();
  }

  /**
   * job: that of the id, where it is known already. instead: what is said where there is none.
   * @param {string | null} [id] @param {Job | null} [job]
   */
  function update(id, job, instead = '…') {
    chosen = id ?? choice.newest?.id ?? '';
    otherwise = instead;
    // One that is older than the list reaches back, or made since.
    if (job && !jobs.some(one => one.id === job.id)) jobs = [job, ...jobs];
    show();
  }

  function show() {
    const options = jobs.map(job => [job.id, named(job)]);
    if (chosen && !jobs.some(job => job.id === chosen)) options.unshift([chosen, otherwise]);
    setOptions(list, options, chosen || choice.newest?.id || '');
  }

  list.addEventListener('pointerdown', load);
  onReturn(load, list);
  onGone(id => take(jobs.filter(job => job.id !== id)), list);
  choice.loaded = load();
  return choice;
}
