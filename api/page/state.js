// What is shown is said by the address, so that it can be sent to somebody and reloaded.

/** @typedef {Record<string, string>} State */

/** @returns {State} */
const read = () => Object.fromEntries(new URLSearchParams(location.search));

/** What the address says now. @type {State} */
export let state = read();
const listeners = [];

/** Call when the state has changed. */
export function onState(listener) {
  listeners.push(listener);
  addEventListener('popstate', () => {
    state = read();
    listener(state);
  });
}

/** The address of a state. */
export function address(next) {
  const query = new URLSearchParams(Object.entries(next).filter(([, value]) => value !== '' && value !== null && value !== undefined));
  // Colons and commas stand in addresses as they are, and a person reads them.
  return `/?${query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',')}`;
}

/**
 * Change some of the state; null takes away. A step that one goes back from is a new entry of the history: another
 * view, model or layer; moving the slider is not.
 */
export function go(patch, { step = false } = {}) {
  const next = { ...state, ...patch };
  for (const key of Object.keys(next)) {
    if (next[key] === null || next[key] === undefined || next[key] === '') delete next[key];
    else next[key] = String(next[key]);
  }
  const here = address(next);
  if (here === address(state)) return;
  state = next;
  write(here, step);
  for (const listener of listeners) listener(state);
}

/** The image that is looked at of models of a data set; one of another data set would not fit. */
export function imageOf(dataset) {
  const [, other] = state.image?.match(/^([^:]+):(?:train|test):/) ?? [];
  return state.image && (other ?? dataset) === dataset ? state.image : `${dataset}:test:0`;
}

// Browsers refuse more than some hundred changes of the address in half a minute: the slider makes more.
let pending = 0;
let wanted = '';
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
