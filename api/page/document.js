// What the API says of itself: the schemas of what it takes.
import { get } from './api.js';

/** What is used of a schema of the OpenAPI document. @typedef {{
 *   $ref?: string, type?: string, const?: unknown, enum?: string[], default?: unknown, examples?: unknown[],
 *   properties?: Record<string, Schema>, items?: Schema, required?: string[], anyOf?: Schema[], oneOf?: Schema[], pattern?: string,
 *   minimum?: number, maximum?: number, exclusiveMinimum?: number, exclusiveMaximum?: number,
 * }} Schema */

/** @type {Promise<Record<string, Schema>> | null} */
let asked = null;

/** The schemas by name. What went wrong is not kept: the next asks again. */
export function schemas() {
  asked ??= read().catch(error => {
    asked = null;
    throw error;
  });
  return asked;
}

async function read() {
  /** @type {{components: {schemas: Record<string, Schema>}}} */
  const { components } = await get('/openapi.json');
  return components.schemas;
}

/** The schema itself, where it is only named. @param {Record<string, Schema>} known @param {Schema} schema */
export const resolve = (known, schema) => (schema.$ref ? known[schema.$ref.split('/').at(-1) ?? ''] ?? {} : schema);

/**
 * All that a value may be, one by one.
 * @param {Record<string, Schema>} known
 * @param {Schema} schema
 * @returns {Schema[]}
 */
export function options(known, schema) {
  const plain = resolve(known, schema);
  const union = plain.anyOf ?? plain.oneOf;
  return union ? union.flatMap(one => options(known, one)) : [plain];
}
