// Elements, made in one line.

/** What an element is made with: listeners by `on…`, and attributes. @typedef {{[listener: `on${string}`]: (event: any) => unknown, [name: string]: any}} Attributes */
/** @typedef {(string | number)[] | string | number} Option a value, or a value and the text that is read */

/**
 * An element with attributes, listeners (`onclick`) and children; what is null or false is left out.
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same of SVG. @param {string} tag @param {Attributes} [attributes] @param {...any} children @returns {any} */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/** @param {HTMLElement | SVGElement} element @param {Attributes} attributes @param {any[]} children */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') Object.assign(element, { value });
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** An element that the page has from the beginning. @param {string} id @returns {any} */
export const byId = id => document.getElementById(id);

/**
 * A labelled choice.
 * @param {string} label
 * @param {Option[]} options
 * @param {string | number} value
 * @param {(value: string) => unknown} onchange
 * @param {Attributes} [attributes]
 */
export function select(label, options, value, onchange, attributes = {}) {
  const list = h('select', { ...attributes, onchange: event => onchange(event.target.value) });
  setOptions(list, options, value);
  return h('label', { class: 'field' }, h('span', {}, label), list);
}

/**
 * Put other options into a choice; it is left alone where they are the same, so that an open list stays open.
 * @param {any} list
 * @param {Option[]} options
 * @param {string | number} value
 */
export function setOptions(list, options, value) {
  const pairs = options.map(option => (Array.isArray(option) ? option : [option, option]).map(String));
  const signature = JSON.stringify(pairs);
  if (list.dataset.signature !== signature) {
    list.dataset.signature = signature;
    list.replaceChildren(...pairs.map(([key, text]) => h('option', { value: key }, text)));
  }
  list.value = String(value);
}

/** Say something to who does not see the page. @param {string} text */
export function announce(text) {
  const place = byId('announcer');
  if (place.textContent !== text) place.textContent = text;
}

/**
 * Call at most once in so many milliseconds, with the last arguments.
 * @template {unknown[]} T
 * @param {number} milliseconds
 * @param {(...values: T) => unknown} act
 * @returns {(...values: T) => void}
 */
export function debounce(milliseconds, act) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), milliseconds);
  };
}
