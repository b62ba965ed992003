// What the API's own description says against a value before it is sent, in the words in which the API would.
import { options } from './document.js';

/** @typedef {import('./document.js').Schema} Schema */
/** @typedef {import('./types.d.ts').ProblemField} ProblemField */

/**
 * What is of a kind that the schema does not know is left for the service to judge.
 * @param {unknown} value
 * @param {Schema} schema
 * @param {Record<string, Schema>} known
 * @returns {ProblemField[]}
 */
export function faults(value, schema, known, pointer = '') {
  const all = options(known, schema);
  const one = all.find(option => fits(value, option)) ?? all.find(option => numeric(option) && typeof value === 'string');
  if (!one) return [];
  if (Array.isArray(value)) return value.flatMap((item, n) => faults(item, one.items ?? {}, known, `${pointer}/${n}`));
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).flatMap(([name, part]) => faults(part, one.properties?.[name] ?? {}, known, `${pointer}/${name}`));
  }
  const detail = fault(value, one);
  return detail ? [{ pointer, detail }] : [];
}

/** @param {Schema} option */
const numeric = option => option.type === 'integer' || option.type === 'number';

/** @param {unknown} value @param {Schema} option */
function fits(value, option) {
  if (typeof value === 'number') return numeric(option);
  if (Array.isArray(value)) return option.type === 'array';
  if (value === null || typeof value !== 'object') return option.type === (value === null ? 'null' : typeof value);
  // Of objects each has a word that says which it is.
  const words = Object.entries(option.properties ?? {}).filter(([, property]) => property.const !== undefined);
  return option.type === 'object' && words.every(([name, property]) => /** @type {Record<string, unknown>} */ (value)[name] === property.const);
}

/** @param {unknown} value @param {Schema} schema */
function fault(value, schema) {
  const { type, minimum: least, maximum: most, exclusiveMinimum: above, exclusiveMaximum: below, pattern } = schema;
  if (typeof value === 'string') {
    if (numeric(schema)) return `Input should be a valid ${type}, unable to parse string as ${type === 'integer' ? 'an integer' : 'a number'}`;
    return pattern && !new RegExp(pattern).test(value) ? `String should match pattern '${pattern}'` : '';
  }
  if (typeof value !== 'number') return '';
  if (type === 'integer' && !Number.isInteger(value)) return 'Input should be a valid integer, got a number with a fractional part';
  if (least !== undefined && value < least) return `Input should be greater than or equal to ${least}`;
  if (above !== undefined && value <= above) return `Input should be greater than ${above}`;
  if (most !== undefined && value > most) return `Input should be less than or equal to ${most}`;
  return below !== undefined && value >= below ? `Input should be less than ${below}` : '';
}
