// Watch networks learn: every job with its progress, and of one its curves and filters, which grow and move as it trains.
import { get, path, said, send } from '../api.js';
import { onReturn } from '../connection.js';
import { historyCharts } from '../curves.js';
import { announce, h } from '../dom.js';
import { deleted, Instead, onGone, train } from '../gone.js';
import { Model } from '../model.js';
import { Picture } from '../picture.js';
import { named, progress, title, when } from '../progress.js';
import { filterRatio } from '../sheet_ratio.js';
import { address, go, state } from '../state.js';

/** @typedef {import('../types.d.ts').Job} Job */
/** @typedef {{items: Job[], next_cursor: string | null}} Jobs */

const often = 3000;
// Filters that fit beside those of other layers.
const most = 64;

export class Watch {
  /** @type {Job[]} */
  #jobs = [];
  /** @type {Map<string, {item: HTMLElement, link: HTMLElement, bar: ReturnType<typeof progress>, status: HTMLElement}>} */
  #rows = new Map();
  #timer = 0;
  /** @type {Model | null} */
  #model = null;
  /** @type {Map<string, Picture>} */
  #pictures = new Map();
  /** @type {string | null} */
  #cursor = null;

  constructor() {
    this.list = h('ol', { class: 'jobs' });
    this.more = h('button', { type: 'button', hidden: true, onclick: () => this.#older() }, 'Show older');
    this.none = h('p', { class: 'empty', hidden: true }, 'No job yet. ', h('a', { href: '/?view=train' }, 'Train a network'), '.');
    this.name = h('h2', {});
    this.progress = progress();
    this.error = h('p', { class: 'message', hidden: true });
    this.actions = h('div', { class: 'controls' });
    this.charts = historyCharts(epoch => go({ view: 'look', model: this.#model?.id, epoch }, { step: true }));
    this.filters = h('div', { class: 'growing' });
    this.filtersPart = h('section', {}, h('h3', {}, 'Filters, redrawn after each epoch'), this.filters);
    this.instead = new Instead();
    this.about = h('div', { class: 'watched' }, h('div', { class: 'row' }, this.name, this.actions), this.progress.element, this.charts.element, this.filtersPart);
    this.watched = h('section', { class: 'panel watched', 'aria-label': 'the chosen job', hidden: true }, this.error, this.instead.element, this.about);
    this.element = h('div', {}, h('h1', { class: 'unseen' }, 'Watch networks learn'),
      h('div', { class: 'watch' }, h('section', { 'aria-label': 'jobs' }, this.list, this.more, this.none), this.watched));
    const stops = [onReturn(() => this.#poll()), onGone(id => this.#forget(id))];
    this.stopListening = () => stops.forEach(stop => stop());
    this.#poll();
  }

  update() {
    const id = state.model ?? this.#jobs[0]?.id;
    if (id && this.#model?.id !== id) {
      this.#model?.close();
      this.#clearPictures();
      this.charts.element.replaceChildren();
      this.charts = this.#newCharts();
      // Where one column is all there is, what was chosen is far below.
      if (this.#model && matchMedia('(max-width: 820px)').matches) this.watched.scrollIntoView();
      this.#model = new Model(id, () => this.#show());
    }
    this.#mark();
  }

  close() {
    clearTimeout(this.#timer);
    this.stopListening();
    this.#model?.close();
  }

  #newCharts() {
    const charts = historyCharts(epoch => go({ view: 'look', model: this.#model?.id, epoch }, { step: true }));
    this.charts.element.replaceWith(charts.element);
    return charts;
  }

  async #poll() {
    clearTimeout(this.#timer);
    try {
      /** @type {Jobs} */
      const page = await get('/v1/jobs?limit=30', { cache: 'no-store' });
      const fresh = new Set(page.items.map(job => job.id));
      const oldest = page.items.at(-1)?.id ?? '';
      const older = this.#jobs.filter(job => !fresh.has(job.id) && job.id < oldest);
      this.#cursor = older.length ? this.#cursor : page.next_cursor;
      this.#jobs = [...page.items, ...older];
      this.#list();
      const watched = this.#model?.job;
      if (!this.#model) this.update();
      else if (this.#model.missing) this.#show();
      else if (watched && !this.#jobs.some(job => job.id === watched.id) && watched.id > oldest) this.#model.refresh();
    } catch {
      // Said by the banner; the list stays as it was.
    }
    this.#later();
  }

  /** @param {string} id */
  #forget(id) {
    if (!this.#jobs.some(job => job.id === id)) return;
    this.#jobs = this.#jobs.filter(job => job.id !== id);
    this.#list();
  }

  #later() {
    this.#timer = setTimeout(() => (document.hidden ? this.#later() : this.#poll()), often);
  }

  async #older() {
    /** @type {Jobs} */
    const page = await get(`/v1/jobs?limit=30&cursor=${this.#cursor}`);
    this.#cursor = page.next_cursor;
    this.#jobs.push(...page.items);
    this.#list();
  }

  #list() {
    this.none.hidden = this.#jobs.length > 0;
    this.more.hidden = this.#cursor === null;
    const rows = this.#jobs.map(job => {
      const row = this.#rows.get(job.id) ?? this.#row(job);
      this.#rows.set(job.id, row);
      row.bar.update(job.id === this.#model?.id && this.#model.job ? this.#model.job : job);
      row.status.textContent = job.status;
      row.status.className = `status ${job.status}`;
      return row.item;
    });
    if (rows.length !== this.list.children.length || rows.some((row, n) => row !== this.list.children[n])) this.list.replaceChildren(...rows);
    this.#mark();
  }

  /** @param {Job} job */
  #row(job) {
    const bar = progress();
    const status = h('span', { class: 'status' });
    const tags = job.spec.tags.length ? ` · ${job.spec.tags.join(', ')}` : '';
    const link = h('a', { href: address({ view: 'watch', model: job.id }) },
      h('span', { class: 'row' }, h('b', {}, title(job)), status), bar.element, h('span', { class: 'faint' }, when(job) + tags));
    return { item: h('li', {}, link), link, bar, status };
  }

  #mark() {
    for (const [id, { link }] of this.#rows) {
      if (id === this.#model?.id) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }

  #show() {
    const model = this.#model;
    if (!model) return;
    this.watched.hidden = false;
    const problem = model.missing ? '' : (model.job?.error?.detail ?? model.problem?.message ?? '');
    this.error.hidden = !problem;
    this.error.textContent = problem;
    this.about.hidden = model.job === null;
    if (model.missing) {
      const [newest] = this.#jobs;
      this.instead.show(model.missing, newest ? { href: address({ view: 'watch', model: newest.id }), text: `Watch the newest: ${named(newest)}` } : train);
    } else this.instead.hide();
    if (!model.job) return;
    this.name.textContent = title(model.job);
    this.progress.update(model.job, model.batch);
    this.#act(model, model.job);
    if (model.history.epoch.length) this.charts.draw([model.history], { end: model.end });
    if (model.summary && model.newest !== null) this.#draw(model, model.summary);
    if (model.running && model.job.epochs_done) announce(`${model.job.epochs_done} of ${model.job.epochs} epochs`);
  }

  /** @param {Model} model @param {import('../types.d.ts').Summary} summary */
  #draw(model, summary) {
    for (const layer of summary.layers.filter(one => one.kernel)) {
      const picture = this.#pictures.get(layer.name) ?? new Picture();
      if (!this.#pictures.has(layer.name)) {
        this.#pictures.set(layer.name, picture);
        this.filters.append(h('section', {}, h('h4', {}, layer.name), picture.element));
      }
      const count = (layer.filters ?? 0) > most ? most : undefined;
      picture.show(path(`${model.place}/layers/${layer.name}/filters.png`, { epoch: model.newest, count }), { alt: `filters of ${layer.name} at epoch ${model.newest}`, caption: `epoch ${model.newest}`, ratio: filterRatio(layer, most) });
    }
    this.filtersPart.hidden = this.#pictures.size === 0;
  }

  #clearPictures() {
    this.#pictures.clear();
    this.filters.replaceChildren();
  }

  /** @param {Model} model @param {Job} job */
  #act(model, { id, status, spec }) {
    const any = model.newest !== null;
    if (this.actions.dataset.shown === `${id} ${status} ${any}`) return;
    this.actions.dataset.shown = `${id} ${status} ${any}`;
    /** @param {string} text @param {() => unknown} act */
    const button = (text, act, name = '') => h('button', { type: 'button', class: name, onclick: event => this.#do(event.currentTarget, act) }, text);
    this.actions.replaceChildren(
      any ? h('a', { href: address({ view: 'look', model: id }) }, 'Look inside') : '',
      ...(model.running
        ? [button('Cancel', () => send('POST', `/v1/jobs/${id}/cancel`))]
        : [
            any ? button('Go on for 10 epochs', () => this.#goOn(id, spec.dataset)) : '',
            button('Delete', async () => {
              if (!confirm('Delete this job with its model and all its weights?')) return;
              await send('DELETE', `/v1/jobs/${id}`);
              // Before it is told to be gone: what comes next is watched, and nothing asks for this one any more.
              go({ model: this.#jobs.find(job => job.id !== id)?.id ?? null, with: state.with === id ? null : state.with, epoch: null });
              deleted(id);
            }, 'danger'),
          ]),
    );
  }

  /** @param {string} id @param {string} dataset */
  async #goOn(id, dataset) {
    const job = await send('POST', '/v1/jobs', { dataset, epochs: 10, continue_from: { model_id: id, epoch: 'last' } });
    go({ model: job.id, epoch: null }, { step: true });
    this.#poll();
  }

  /** @param {HTMLButtonElement} button @param {() => unknown} act */
  async #do(button, act) {
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      this.error.hidden = false;
      this.error.textContent = said(error);
    } finally {
      button.disabled = false;
    }
  }
}
