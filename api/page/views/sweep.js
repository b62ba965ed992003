// A sweep: its trials by rank, and their curves over each other, while they run and after.
import { get, Problem, said, send } from '../api.js';
import { onReturn } from '../connection.js';
import { Curves, readable, short } from '../curves.js';
import { announce, h, setOptions } from '../dom.js';
import { deleted, Instead, onGone } from '../gone.js';
import { when } from '../progress.js';
import { section } from '../section.js';
import { address, go, state } from '../state.js';
import { SweepForm } from '../sweep_form.js';
import { TrialTable, valuesText } from '../trial_table.js';

/** @typedef {import('../types.d.ts').Sweep} SweepAnswer */
/** @typedef {{items: import('../types.d.ts').SweepItem[]}} Sweeps */

const often = 2000;
/** What a sweep is, in a line. @param {Sweeps['items'][number]} sweep */
const lineOf = sweep => `${sweep.parameters.map(pointer => pointer.split('/').at(-1)).join(' × ')} · ${when(sweep)}`;
// Trials with a colour of their own.
const named = 6;

export class Sweep {
  /** @type {Sweeps['items']} */
  #known = [];
  /** @type {SweepAnswer | null} */
  #sweep = null;
  #timer = 0;
  #asked = 0;
  #closed = false;

  constructor() {
    this.choice = h('select', { onchange: event => go({ sweep: event.target.value }, { step: true }) });
    this.status = h('p', { class: 'sweep-status' });
    this.error = h('p', { class: 'message', role: 'alert', hidden: true });
    this.cancel = h('button', { type: 'button', hidden: true, onclick: () => this.#act(id => send('POST', `/v1/sweeps/${id}/cancel`)) }, 'Cancel');
    this.remove = h('button', { type: 'button', class: 'danger', hidden: true, onclick: () => this.#delete() }, 'Delete');
    this.table = new TrialTable();
    this.chart = new Curves('Objective');
    this.picture = h('a', { target: '_blank', rel: 'noopener' }, 'The curves as a picture');
    this.none = h('p', { class: 'empty', hidden: true }, 'No sweep yet: start one below.');
    this.chosen = h('label', { class: 'field model-choice', hidden: true }, h('span', {}, 'sweep'), this.choice);
    this.instead = new Instead();
    this.shown = h('div', { class: 'sweep', hidden: true },
      h('section', { class: 'panel', 'aria-label': 'trials' }, h('div', { class: 'row' }, this.status, h('div', { class: 'controls' }, this.cancel, this.remove)), this.table.element),
      h('section', { class: 'panel', 'aria-label': 'curves' }, this.chart.element, h('p', { class: 'faint' }, this.picture)));
    this.form = new SweepForm(sweep => this.#started(sweep));
    // What it stands below comes first.
    this.after = h('div', { class: 'panel after', hidden: true }, section('new', 'A new sweep', () => {}, this.form.element));
    this.element = h('div', {}, h('h1', { class: 'unseen' }, 'Sweeps: many settings side by side'),
      h('div', { class: 'toolbar' }, this.chosen), this.error, this.instead.element, this.none, this.shown,
      this.after);
    const stops = [onReturn(() => this.#poll()), onGone(id => this.#forget(id))];
    this.stopListening = () => stops.forEach(stop => stop());
    this.#list();
  }

  update() {
    const id = state.sweep ?? this.#known[0]?.id ?? '';
    const options = this.#known.map(one => [one.id, lineOf(one)]);
    if (id && !this.#known.some(one => one.id === id)) options.unshift([id, id]);
    setOptions(this.choice, options, id);
    this.chosen.hidden = options.length === 0;
    if (id && this.#sweep?.id !== id) this.#poll();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.stopListening();
  }

  async #list() {
    try {
      /** @type {Sweeps} */
      const page = await get('/v1/sweeps?limit=100', { cache: 'no-store' });
      this.#known = page.items;
    } catch {
      return; // said by the banner, and asked again on its return
    }
    this.none.hidden = this.#known.length > 0 || state.sweep !== undefined;
    this.after.hidden &&= this.none.hidden;
    if (!this.#closed) this.update();
  }

  async #poll() {
    clearTimeout(this.#timer);
    const id = state.sweep ?? this.#known[0]?.id;
    const asked = ++this.#asked;
    if (!id) return this.#list();
    try {
      /** @type {SweepAnswer} */
      const sweep = await get(`/v1/sweeps/${encodeURIComponent(id)}`, { cache: 'no-store' });
      if (asked !== this.#asked || this.#closed) return undefined;
      this.#say('');
      this.#show(sweep);
    } catch (error) {
      if (asked !== this.#asked || this.#closed) return undefined;
      this.shown.hidden = this.#sweep?.id !== id;
      if (error instanceof Problem && error.type === '/problems/unknown-sweep') this.#miss(`${said(error)} If it was here once, it was deleted.`);
      else this.#say(said(error));
    }
    if (this.#sweep?.id === id && this.#sweep.status === 'running') this.#later();
    return undefined;
  }

  /** @param {string} id */
  #forget(id) {
    this.#known = this.#known.filter(one => one.id !== id);
    if (this.#sweep?.id !== id) return;
    clearTimeout(this.#timer);
    this.#asked++;
    this.#miss('This sweep was deleted.');
  }

  /** @param {string} why */
  #miss(why) {
    const [newest] = this.#known;
    this.#sweep = null;
    this.shown.hidden = true;
    this.after.hidden = false;
    this.#say('');
    this.instead.show(why, newest ? { href: address({ view: 'sweep', sweep: newest.id }), text: `Look at the newest: ${lineOf(newest)}` } : null);
  }

  #later() {
    this.#timer = setTimeout(() => (document.hidden ? this.#later() : this.#poll()), often);
  }

  /** @param {SweepAnswer} sweep */
  #show(sweep) {
    const { objective, trials, status, rungs } = sweep;
    const last = this.#sweep;
    this.#sweep = sweep;
    this.shown.hidden = false;
    this.none.hidden = true;
    this.instead.hide();
    this.after.hidden = false;
    const counts = Object.entries(sweep.counts).filter(([, count]) => count).map(([name, count]) => `${count} ${name}`);
    const halving = rungs.length ? ` · rungs: ${rungs.map(rung => `${rung.trials || 'the best'} to epoch ${rung.epochs}`).join(' → ')}` : '';
    this.status.replaceChildren(h('b', { class: `status ${status}` }, status), ` · ${trials.length} trials: ${counts.join(', ')}${halving}`);
    this.cancel.hidden = status !== 'running';
    this.remove.hidden = status === 'running';
    this.table.show(sweep);
    this.chart.heading.textContent = readable(objective.metric);
    const ranked = trials.filter(trial => trial.rank !== null).sort((one, other) => (one.rank ?? 0) - (other.rank ?? 0));
    const series = ranked.map((trial, place) => ({
      name: place < named ? `#${trial.number} ${valuesText(trial.values)}` : '', className: place < named ? `place-${place + 1}` : 'behind',
      epochs: trial.history.epoch, values: trial.history.value,
    }));
    // Those with a colour are drawn over all others.
    this.chart.draw({ end: Math.max(0, ...trials.map(trial => trial.history.epoch.at(-1) ?? 0)), series: [...series.slice(named), ...series.slice(0, named)], mark: undefined });
    this.picture.href = sweep.links.history;
    const best = trials.find(trial => trial.number === sweep.best);
    if (best?.best && (last?.best !== sweep.best || last?.status !== status)) announce(`sweep ${status}, best is trial ${best.number} with ${short(best.best.value)}`);
  }

  /** @param {SweepAnswer} sweep */
  #started(sweep) {
    go({ sweep: sweep.id, open: null, spec: null }, { step: true });
    this.#list();
    scrollTo(0, 0);
  }

  async #delete() {
    if (!confirm('Delete this sweep with all of its jobs, models and weights?')) return;
    const models = this.#sweep?.trials.map(trial => trial.model_id) ?? [];
    await this.#act(async id => {
      await send('DELETE', `/v1/sweeps/${id}`);
      this.#sweep = null;
      this.shown.hidden = true;
      for (const gone of [id, ...models]) deleted(gone);
      this.none.hidden = this.#known.length > 0;
      go({ sweep: null, model: models.includes(state.model ?? '') ? null : state.model, with: models.includes(state.with ?? '') ? null : state.with });
    });
  }

  /** @param {(id: string) => Promise<any>} act */
  async #act(act) {
    if (!this.#sweep) return;
    this.#say('');
    try {
      await act(this.#sweep.id);
      this.#poll();
    } catch (error) {
      this.#say(said(error));
    }
  }

  /** @param {string} text */
  #say(text) {
    this.error.hidden = !text;
    this.error.textContent = text;
  }
}
