// A model while it is looked at: what it is made of, its epochs and its curves, kept up to date while it trains.
import { get, Problem } from './api.js';
import { onReturn } from './connection.js';
import { follow } from './events.js';
import { onGone } from './gone.js';

const ended = ['succeeded', 'failed', 'cancelled'];

/** onChange() is called when anything of it has changed. */
export class Model {
  /** @type {import('./types.d.ts').Job | null} */
  job = null;
  /** @type {import('./types.d.ts').Summary | null} */
  summary = null;
  /** @type {Pick<import('./types.d.ts').History, 'epoch' | 'history'>} */
  history = { epoch: [], history: {} };
  /** @type {Problem | null} */
  problem = null;
  /** @type {import('./types.d.ts').Batch | null} */
  batch = null;
  /** Whether it was there and is there no more. */
  deleted = false;
  /** @type {(() => void) | null} */
  #stop = null;
  #closed = false;

  /** @param {string} id @param {() => void} onChange */
  constructor(id, onChange) {
    this.id = id;
    this.onChange = onChange;
    const stops = [onReturn(() => this.refresh()), onGone(gone => gone === id && this.#lose())];
    this.stopListening = () => stops.forEach(stop => stop());
    this.refresh();
  }

  /** What a choice says of it while it is in no list. */
  get otherwise() {
    return this.missing ? 'not there' : '…';
  }

  /** Why there is nothing to look at, and will not be; empty where there is, or may be. */
  get missing() {
    if (this.deleted) return 'This model was deleted.';
    return this.problem?.type === '/problems/unknown-job' ? `${this.problem.message} If it was here once, it was deleted.` : '';
  }

  /** Where its pictures are. */
  get place() {
    return `/v1/models/${this.id}`;
  }

  get running() {
    return this.job !== null && !ended.includes(this.job.status);
  }

  /** The epochs whose weights there are. @returns {number[]} */
  get epochs() {
    return this.summary?.epochs_available ?? [];
  }

  /** The last epoch that there is or will be. */
  get end() {
    return this.job && this.running ? (this.job.start_epoch ?? 0) + this.job.epochs : (this.history.epoch.at(-1) ?? 1);
  }

  get newest() {
    return this.epochs.at(-1) ?? null;
  }

  /**
   * The epoch that a state means: the one it names where there is such a one, else the newest.
   * @param {string} [named]
   */
  epoch(named) {
    const number = Number(named);
    return named !== undefined && this.epochs.includes(number) ? number : this.newest;
  }

  /** @param {string} [name] */
  layer(name) {
    return this.summary?.layers.find(layer => layer.name === name) ?? null;
  }

  close() {
    this.#closed = true;
    this.#stop?.();
    this.stopListening();
  }

  #lose() {
    if (!this.job) return;
    this.deleted = true;
    this.job = this.summary = this.batch = null;
    this.history = { epoch: [], history: {} };
    this.#stop?.();
    this.#stop = null;
    this.onChange();
  }

  async refresh() {
    try {
      const job = await get(`/v1/jobs/${this.id}`, { cache: 'no-store' });
      if (this.deleted) return;
      this.job = job;
      this.problem = null;
      await this.#read();
    } catch (error) {
      if (error instanceof Problem) this.problem = error;
    }
    if (this.#closed) return;
    if (this.running && !this.#stop) this.#follow();
    this.onChange();
  }

  async #read() {
    try {
      const [summary, history, weights] = await Promise.all([
        get(this.place, { cache: 'no-store' }), get(`${this.place}/history.json`, { cache: 'no-store' }), get(`${this.place}/layers?epoch=0`),
      ]);
      this.summary = { ...summary, layers: weights.layers.map(withKernel) };
      this.history = history;
    } catch (error) {
      // Before its worker has written the initial weights there is a job but nothing to look at yet.
      if (!(error instanceof Problem) || !this.running) throw error;
    }
  }

  #follow() {
    this.#stop = follow(this.id, {
      status: async body => {
        if (this.job?.status !== body.status || !this.summary) await this.refresh();
      },
      batch: body => {
        this.batch = body;
        this.onChange();
      },
      epoch: body => this.#epoch(body),
      end: () => {
        this.batch = null;
        this.#stop = null;
        this.refresh();
      },
    });
  }

  /** @param {import('./types.d.ts').Epoch} body */
  #epoch({ epoch, epochs: _, seconds, ...metrics }) {
    // Where not every epoch's weights are kept, only the service knows which are.
    if (!this.summary || !this.job || this.job.spec.keep !== 'all') {
      this.refresh();
      return;
    }
    if (!this.history.epoch.includes(epoch)) {
      for (const [name, value] of Object.entries(metrics)) (this.history.history[name] ??= []).push(value);
      this.history.epoch.push(epoch);
    }
    if (!this.epochs.includes(epoch)) this.summary.epochs_available.push(epoch);
    const done = epoch - (this.job.start_epoch ?? 0);
    if (done >= this.job.epochs_done) {
      Object.assign(this.job, { epochs_done: done, progress: done / this.job.epochs, latest: metrics, status: 'running' });
      this.job.eta_seconds = Math.round((this.job.epochs - done) * seconds);
    }
    this.onChange();
  }
}

/**
 * A layer with the shape of its kernel, how many filters it has, and how many channels each of them reads.
 * @param {import('cnnservice').components['schemas']['LayerWeights']} layer
 */
function withKernel(layer) {
  const kernel = layer.weights.find(weight => weight.name.endsWith('kernel'))?.shape ?? null;
  const plain = layer.type === 'conv2d' || layer.type === 'dense';
  return { ...layer, kernel, filters: plain ? kernel?.at(-1) : undefined, channels: layer.type === 'conv2d' ? kernel?.[2] ?? null : null };
}
