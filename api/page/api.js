// Requests, and what comes back: numbers, problems, events.
import { lost, reached } from './connection.js';
import { missed } from './gone.js';
import { authorization, keyWanted } from './key.js';

/** A problem document (RFC 9457) of the service, as an error that can be shown. */
export class Problem extends Error {
  /**
   * @param {{type: string, title: string, status: number, detail: string, errors?: {pointer: string, detail: string}[]}} told
   */
  constructor(told) {
    super(told.detail);
    this.type = told.type;
    this.title = told.title;
    this.status = told.status;
    this.errors = told.errors ?? [];
  }
}

/** What went wrong, in words. @param {unknown} error */
export const said = error => (error instanceof Error ? error.message : String(error));

/** The service was not reached. */
export class Unreachable extends Error {}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<Response>} of a status below 400 */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...options.headers, ...authorization() } });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    lost();
    throw new Unreachable('The service does not answer.');
  }
  reached();
  if (response.ok) return response;
  const told = response.headers.get('content-type')?.includes('problem+json') ? await response.json() : null;
  if (response.status === 401) keyWanted();
  const [, id] = path.match(/^\/v1\/(?:jobs|models|sweeps)\/([^/?]+)/) ?? [];
  if (id && ['/problems/unknown-job', '/problems/unknown-sweep'].includes(told?.type)) missed(decodeURIComponent(id));
  throw new Problem(told ?? { type: 'about:blank', title: 'Error', status: response.status, detail: `The service answered ${response.status}.` });
}

/**
 * What is at a path, as JSON.
 * @template T
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<T>}
 */
export const get = async (path, options) => (await request(path, options)).json();

/**
 * Send JSON, or a form; what comes back, as JSON, or null where nothing does.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export async function send(method, path, body, headers = {}) {
  /** @type {{method: string, headers: Record<string, string>, body?: BodyInit}} */
  const options = { method, headers: { ...headers } };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers['Content-Type'] = 'application/json';
  }
  const response = await request(path, options);
  return response.status === 204 ? null : response.json();
}

/**
 * An array as the service sends it (.npy, little-endian float32, C order).
 * @returns {Promise<{shape: number[], values: Float32Array}>}
 * @param {string} path
 * @param {RequestInit} [options]
 */
export async function getArray(path, options) {
  const bytes = await (await request(path, options)).arrayBuffer();
  const length = new DataView(bytes).getUint16(8, true);
  const header = new TextDecoder('latin1').decode(bytes.slice(10, 10 + length));
  if (!header.includes("'<f4'")) throw new Error(`${path} is not float32: ${header}`);
  const shape = (header.match(/'shape': \(([^)]*)\)/)?.[1] ?? '').split(',').filter(part => part.trim()).map(Number);
  return { shape, values: new Float32Array(bytes.slice(10 + length)) };
}

/**
 * Wait for what takes long. A path that answers 202 names a computation; when that has ended, the path answers.
 * onProgress is called with 0 to 1.
 * @param {string} path
 * @param {{signal?: AbortSignal, onProgress?: (progress: number) => void}} [options]
 * @returns {Promise<Response>}
 */
export async function settled(path, { signal, onProgress } = {}) {
  for (;;) {
    const response = await request(path, { signal });
    if (response.status !== 202) return response;
    const place = response.headers.get('Location') ?? path;
    for (;;) {
      await pause(400, signal);
      /** @type {any} */
      const computation = await get(place, { signal, cache: 'no-store' });
      onProgress?.(computation.progress ?? 0);
      if (computation.status === 'failed') throw new Problem({ type: 'about:blank', title: 'Failed', status: 500, detail: computation.error?.detail ?? 'The computation failed.' });
      if (computation.status !== 'queued' && computation.status !== 'running') break;
    }
  }
}

/** @param {number} milliseconds @param {AbortSignal} [signal] @returns {Promise<void>} */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); });
  });
}

/** A path with parameters; those that are empty are left out. @param {string} place */
export function path(place, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== ''));
  const text = query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return text ? `${place}?${text}` : place;
}
