// The API key, where the service wants one: asked for once, kept for this window, and left to pictures as a cookie.
import { byId } from './dom.js';

const name = 'cnnservice-key';
const wanted = 'This service wants a key of everybody who looks at it or trains with it.';
const dialog = byId('key');
const button = byId('key-button');
// Closed without one: what asks on, and on, shall not open it again.
let declined = false;
let demanded = false;

/** What a request says of who sends it. @returns {Record<string, string>} */
export function authorization() {
  const key = sessionStorage.getItem(name);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** A request was turned away: ask for a key, unless that is being done. */
export function keyWanted() {
  button.hidden = false;
  button.textContent = 'Give a key';
  if (declined || dialog.open) return;
  demanded = true;
  const known = sessionStorage.getItem(name);
  ask(known ? 'The key of this window is not good any more. Another is needed.' : wanted);
}

/** At the beginning: let pictures be seen with the key of this window, which they wait for, and say whose it is. */
export async function enter() {
  if (sessionStorage.getItem(name) !== null) await session('POST');
  else session('GET');
}

/** @param {string} method */
async function session(method) {
  try {
    const response = await fetch('/v1/session', { method, headers: authorization() });
    if (response.status === 401) return keyWanted();
    if (response.ok) tell(await response.json());
  } catch {
    // The views say that the service does not answer.
  }
}

/** @param {{keys: boolean, owner: string | null, scope: string}} session */
function tell(session) {
  button.hidden = !session.keys;
  button.textContent = session.keys ? `${session.owner} (${session.scope})` : '';
}

/** @param {string} said */
function ask(said) {
  if (dialog.open) return;
  byId('key-said').textContent = said;
  wrong('');
  byId('key-forget').hidden = sessionStorage.getItem(name) === null;
  dialog.showModal();
  byId('key-text').focus();
}

/** @param {string} text */
function wrong(text) {
  byId('key-wrong').textContent = text;
  byId('key-wrong').hidden = !text;
  byId('key-text').setAttribute('aria-invalid', String(Boolean(text)));
}

button.addEventListener('click', () => {
  demanded = false;
  ask(sessionStorage.getItem(name) === null ? wanted : 'Another key may be used in this window.');
});
dialog.addEventListener('close', () => { declined ||= demanded; });
byId('key-close').addEventListener('click', () => dialog.close());

byId('key-forget').addEventListener('click', async () => {
  await fetch('/v1/session', { method: 'DELETE', headers: authorization() }).catch(() => null);
  sessionStorage.removeItem(name);
  location.reload();
});

/** @param {Event} event */
byId('key-form').addEventListener('submit', async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const key = byId('key-text').value.trim();
  try {
    const response = await fetch('/v1/session', { method: 'POST', headers: { Authorization: `Bearer ${key}` } });
    if (response.ok) {
      sessionStorage.setItem(name, key);
      // Every state is in the address: what was turned away is asked for anew.
      location.reload();
      return;
    }
    wrong((await response.json()).detail);
  } catch {
    wrong('The service does not answer.');
  }
});
