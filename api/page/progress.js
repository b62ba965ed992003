// How far a job is, in a bar and in words.
import { h } from './dom.js';
import { short } from './curves.js';

const words = { queued: 'waiting for a worker', running: 'training', succeeded: 'done', failed: 'failed', cancelled: 'cancelled' };

/** @typedef {import('./types.d.ts').Job} Job */

/** What a job is, in a line. @param {Job} job */
export const title = job => `${typeof job.spec.architecture === 'string' ? job.spec.architecture : 'own layers'} on ${job.spec.dataset}`;

/** The same, so that it is told apart from others. @param {Job} job */
export function named(job) {
  const accuracy = job.latest?.val_categorical_accuracy;
  const epochs = (job.start_epoch ?? 0) + job.epochs_done;
  return [
    title(job), job.status === 'queued' ? 'waiting' : `${epochs} epoch${epochs === 1 ? '' : 's'}`,
    accuracy === undefined ? '' : `${percent(accuracy)} right`, ...job.spec.tags, when(job),
  ].filter(Boolean).join(' · ');
}

/** @param {number} share */
const percent = share => `${(100 * share).toFixed(1)} %`;

/** A time of creation, as a person reads it. @param {{created_at: string}} made */
export const when = made => new Date(made.created_at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A bar, and the words beside it; `update(job, batch)`. */
export function progress() {
  const bar = h('progress', { max: 1, value: 0 });
  const text = h('span', { class: 'faint' });
  return {
    element: h('div', { class: 'progress' }, bar, text),
    /** @param {Job} job @param {import('./types.d.ts').Batch | null} [batch] */
    update(job, batch = null) {
      const done = Math.min(1, batch ? fraction(job, batch) : job.progress);
      bar.value = done;
      bar.setAttribute('aria-label', `progress of ${title(job)}`);
      const parts = [`${words[job.status]}, epoch ${job.epochs_done} of ${job.epochs}`];
      if (job.status === 'running' && job.eta_seconds !== null) parts.push(`about ${duration(job.eta_seconds)} left`);
      if (job.latest?.val_categorical_accuracy !== undefined) parts.push(`validation accuracy ${short(job.latest.val_categorical_accuracy)}`);
      text.textContent = parts.join(' · ');
    },
  };
}

/** @param {Job} job @param {import('./types.d.ts').Batch} batch */
function fraction(job, batch) {
  const epoch = batch.epoch - 1 - (job.start_epoch ?? 0);
  const part = batch.step / batch.steps;
  return Number.isFinite(part) ? (epoch + part) / job.epochs : job.progress;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
