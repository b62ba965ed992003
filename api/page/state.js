// What is shown is said by the address, so that it can be sent to somebody and reloaded.

/** @typedef {Record<string, string>} State */
/** What is to change of it; null takes away. @typedef {Record<string, string | number | null | undefined>} Patch */

/** @returns {State} */
const read = () => Object.fromEntries(new URLSearchParams(location.search));

/** What the address says now. @type {State} */
export let state = read();
/** @type {((now: State) => unknown)[]} */
const listeners = [];

/** Call when the state has changed. @param {(now: State) => unknown} listener */
export function onState(listener) {
  listeners.push(listener);
  addEventListener('popstate', () => {
    state = read();
    listener(state);
  });
}

/** What is not nothing. @param {Patch} next @returns {State} */
const plain = next => Object.fromEntries(Object.entries(next).flatMap(([key, value]) => (value === '' || value === null || value === undefined ? [] : [[key, String(value)]])));

/** The address of a state. @param {Patch} next */
export function address(next) {
  const query = new URLSearchParams(plain(next));
  // Colons and commas stand in addresses as they are, and a person reads them.
  return `/?${query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',')}`;
}

/**
 * Change some of the state; null takes away. A step that one goes back from is a new entry of the history: another
 * view, model or layer; moving the slider is not.
 * @param {Patch} patch
 */
export function go(patch, { step = false } = {}) {
  const next = plain({ ...state, ...patch });
  const here = address(next);
  if (here === address(state)) return;
  state = next;
  write(here, step);
  for (const listener of listeners) listener(state);
}

/**
 * The image that is looked at of models of a data set; one of another data set would not fit.
 * @param {string} dataset
 */
export function imageOf(dataset) {
  const [, other] = state.image?.match(/^([^:]+):(?:train|test):/) ?? [];
  return state.image && (other ?? dataset) === dataset ? state.image : `${dataset}:test:0`;
}

// Browsers refuse more than some hundred changes of the address in half a minute: the slider makes more.
let pending = 0;
let wanted = '';
/** @param {string} here @param {boolean} step */
function write(here, step) {
  wanted = here;
  if (step) {
    clearTimeout(pending);
    pending = 0;
    history.pushState(null, '', here);
  } else if (!pending) {
    history.replaceState(null, '', here);
    pending = setTimeout(() => {
      pending = 0;
      if (wanted !== location.pathname + location.search) history.replaceState(null, '', wanted);
    }, 250);
  }
}
