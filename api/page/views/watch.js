// Watch networks learn: every job with its progress, and of one its curves and filters, which grow and move as it trains.
import { get, send } from '../api.js';
import { onReturn } from '../connection.js';
import { historyCharts } from '../curves.js';
import { announce, h } from '../dom.js';
import { Model } from '../model.js';
import { Picture } from '../picture.js';
import { progress, title, when } from '../progress.js';
import { address, go, state } from '../state.js';

const often = 3000;

export class Watch {
  #jobs = null;
  #rows = new Map();
  #timer = 0;
  #model = null;
  #pictures = new Map();
  #cursor = null;

  constructor() {
    this.list = h('ol', { class: 'jobs' });
    this.more = h('button', { type: 'button', hidden: true, onclick: () => this.#older() }, 'Show older');
    this.none = h('p', { class: 'empty', hidden: true }, 'No job yet. ', h('a', { href: '/?view=train' }, 'Train a network'), '.');
    this.name = h('h2', {});
    this.progress = progress();
    this.error = h('p', { class: 'message', hidden: true });
    this.actions = h('div', { class: 'controls' });
    this.charts = historyCharts(epoch => go({ view: 'look', model: this.#model.id, epoch }, { step: true }));
    this.filters = h('div', { class: 'growing' });
    this.filtersPart = h('section', {}, h('h3', {}, 'Filters, redrawn after each epoch'), this.filters);
    this.watched = h('section', { class: 'panel watched', 'aria-label': 'the chosen job', hidden: true },
      h('div', { class: 'row' }, this.name, this.actions), this.progress.element, this.error, this.charts.element, this.filtersPart);
    this.element = h('div', {}, h('h1', { class: 'unseen' }, 'Watch networks learn'),
      h('div', { class: 'watch' }, h('section', { 'aria-label': 'jobs' }, this.list, this.more, this.none), this.watched));
    this.forget = onReturn(() => this.#poll());
    this.#poll();
  }

  update() {
    const id = state.model ?? this.#jobs?.[0]?.id;
    if (id && this.#model?.id !== id) {
      this.#model?.close();
      this.#forgetPictures();
      this.charts.element.replaceChildren();
      this.charts = this.#newCharts();
      this.#model = new Model(id, () => this.#show());
    }
    this.#mark();
  }

  close() {
    clearTimeout(this.#timer);
    this.forget();
    this.#forgetPictures();
    this.#model?.close();
  }

  #newCharts() {
    const charts = historyCharts(epoch => go({ view: 'look', model: this.#model.id, epoch }, { step: true }));
    this.charts.element.replaceWith(charts.element);
    return charts;
  }

  async #poll() {
    clearTimeout(this.#timer);
    try {
      const page = await get('/v1/jobs?limit=30', { cache: 'no-store' });
      const fresh = new Set(page.items.map(job => job.id));
      const oldest = page.items.at(-1)?.id ?? '';
      const older = (this.#jobs ?? []).filter(job => !fresh.has(job.id) && job.id < oldest);
      this.#cursor = older.length ? this.#cursor : page.next_cursor;
      this.#jobs = [...page.items, ...older];
      this.#list();
      if (!this.#model) this.update();
    } catch {
      // Said by the banner; the list stays as it was.
    }
    this.#timer = setTimeout(() => (document.hidden ? this.#later() : this.#poll()), often);
  }

  #later() {
    this.#timer = setTimeout(() => (document.hidden ? this.#later() : this.#poll()), often);
  }

  async #older() {
    const page = await get(`/v1/jobs?limit=30&cursor=${this.#cursor}`);
    this.#cursor = page.next_cursor;
    this.#jobs.push(...page.items);
    this.#list();
  }

  #list() {
    this.none.hidden = this.#jobs.length > 0;
    this.more.hidden = this.#cursor === null;
    const rows = this.#jobs.map(job => {
      if (!this.#rows.has(job.id)) this.#rows.set(job.id, this.#row(job));
      const row = this.#rows.get(job.id);
      row.bar.update(job.id === this.#model?.id && this.#model.job ? this.#model.job : job);
      row.status.textContent = job.status;
      row.status.className = `status ${job.status}`;
      return row.item;
    });
    if (rows.length !== this.list.children.length || rows.some((row, n) => row !== this.list.children[n])) this.list.replaceChildren(...rows);
    this.#mark();
  }

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
    this.watched.hidden = false;
    const problem = model.problem?.message ?? model.job?.error?.detail ?? '';
    this.error.hidden = !problem;
    this.error.textContent = problem;
    if (!model.job) return;
    this.name.textContent = title(model.job);
    this.progress.update(model.job, model.batch);
    this.#act(model);
    if (model.history.epoch.length) this.charts.draw([model.history], { end: (model.job.start_epoch ?? 0) + model.job.epochs });
    if (model.summary && model.newest !== null) this.#draw(model);
    if (model.running && model.job.epochs_done) announce(`${model.job.epochs_done} of ${model.job.epochs} epochs`);
  }

  #draw(model) {
    for (const layer of model.summary.layers.filter(one => one.kernel)) {
      if (!this.#pictures.has(layer.name)) {
        const picture = new Picture();
        this.#pictures.set(layer.name, picture);
        this.filters.append(h('section', {}, h('h4', {}, layer.name), picture.element));
      }
      const count = layer.filters > 64 ? '&count=64' : '';
      this.#pictures.get(layer.name).show(`${model.place}/layers/${layer.name}/filters.png?epoch=${model.newest}${count}`, { alt: `filters of ${layer.name} at epoch ${model.newest}`, caption: `epoch ${model.newest}` });
    }
    this.filtersPart.hidden = this.#pictures.size === 0;
  }

  #forgetPictures() {
    for (const picture of this.#pictures.values()) picture.forget();
    this.#pictures.clear();
    this.filters.replaceChildren();
  }

  #act(model) {
    const { id, status } = model.job;
    if (this.actions.dataset.shown === `${id} ${status}`) return;
    this.actions.dataset.shown = `${id} ${status}`;
    const button = (text, act, name = '') => h('button', { type: 'button', class: name, onclick: event => this.#do(event.currentTarget, act) }, text);
    this.actions.replaceChildren(
      h('a', { href: address({ view: 'look', model: id }) }, 'Look inside'),
      ...(model.running
        ? [button('Cancel', () => send('POST', `/v1/jobs/${id}/cancel`))]
        : [
            button('Go on for 10 epochs', () => this.#goOn(model)),
            button('Delete', async () => {
              if (!confirm('Delete this job with its model and all its weights?')) return;
              await send('DELETE', `/v1/jobs/${id}`);
              this.#jobs = this.#jobs.filter(job => job.id !== id);
              go({ model: this.#jobs[0]?.id ?? null, epoch: null });
              this.#list();
            }, 'danger'),
          ]),
    );
  }

  async #goOn(model) {
    const job = await send('POST', '/v1/jobs', { dataset: model.job.spec.dataset, epochs: 10, continue_from: { model_id: model.id, epoch: 'last' } });
    go({ model: job.id, epoch: null }, { step: true });
    this.#poll();
  }

  async #do(button, act) {
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      this.error.hidden = false;
      this.error.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }
}
