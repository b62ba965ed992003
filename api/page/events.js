// A job's events as they happen. An EventSource cannot send a header, so it shows a ticket in its address.
import { Problem, send } from './api.js';
import { onReturn, reached } from './connection.js';

/**
 * Follow a job until it ends; a connection that is lost is taken up where it broke off, with nothing lost or twice.
 * @param {string} jobId
 * @param {Record<string, (body: any) => void>} handlers by the event's name: status, batch, epoch, end
 * @returns {() => void} stops it
 */
export function follow(jobId, handlers) {
  const place = `/v1/jobs/${jobId}/events`;
  /** @type {EventSource | null} */
  let source = null;
  /** @type {string | null} */
  let last = null;
  let stopped = false;
  let timer = 0;

  async function open() {
    clearTimeout(timer);
    if (stopped || document.hidden) return;
    try {
      const { url } = await send('POST', '/v1/tickets', { path: place });
      if (!stopped) listen(last === null ? url : `${url}&last_event_id=${last}`);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) stop();
      else again(2000);
    }
  }

  /** @param {string} address */
  function listen(address) {
    source?.close();
    source = new EventSource(address);
    source.onopen = reached;
    for (const name of ['status', 'batch', 'epoch', 'end']) {
      source.addEventListener(name, event => {
        last = event.lastEventId || last;
        if (name === 'end') stop();
        handlers[name]?.(JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      // It would try by itself with the same ticket, which may have run out meanwhile.
      source?.close();
      again(200);
    };
  }

  /** @param {number} milliseconds */
  function again(milliseconds) {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(open, milliseconds);
  }

  // A browser has six connections to a server, and each stream takes one: a window that is not seen lets go of its own.
  function turn() {
    if (document.hidden) source?.close();
    else open();
  }

  function stop() {
    stopped = true;
    document.removeEventListener('visibilitychange', turn);
    clearTimeout(timer);
    source?.close();
    stopListening();
  }

  const stopListening = onReturn(open);
  document.addEventListener('visibilitychange', turn);
  open();
  return stop;
}
