// The API key, where the service wants one: asked for once, kept for this window, and left to pictures as a cookie.
import { byId } from './dom.js';

const name = 'cnnservice-key';
const dialog = byId('key');
const button = byId('key-button');

/** What a request says of who sends it. @returns {Record<string, string>} */
export function authorization() {
  const key = sessionStorage.getItem(name);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** A request was turned away: ask for a key, unless that is being done. */
export function keyWanted() {
  const known = sessionStorage.getItem(name);
  ask(known ? 'The key of this window is not good any more. Another is needed.' : 'This service wants a key of everybody who looks at it or trains with it.');
}

/** At the beginning: let pictures be seen with the key of this window, which they wait for, and say whose it is. */
export async function enter() {
  if (sessionStorage.getItem(name) !== null) await session('POST');
  else session('GET');
}

async function session(method) {
  try {
    const response = await fetch('/v1/session', { method, headers: authorization() });
    if (response.status === 401) return keyWanted();
    if (response.ok) tell(await response.json());
  } catch {
    // The views say that the service does not answer.
  }
}

function tell(session) {
  button.hidden = !session.keys;
  button.textContent = session.keys ? `${session.owner} (${session.scope})` : '';
}

function ask(said) {
  if (dialog.open) return;
  byId('key-said').textContent = said;
  byId('key-wrong').hidden = true;
  dialog.showModal();
  byId('key-text').focus();
}

button.addEventListener('click', () => ask('Another key may be used in this window.'));
byId('key-close').addEventListener('click', () => dialog.close());

byId('key-forget').addEventListener('click', async () => {
  await fetch('/v1/session', { method: 'DELETE', headers: authorization() }).catch(() => null);
  sessionStorage.removeItem(name);
  location.reload();
});

byId('key-form').addEventListener('submit', async event => {
  event.preventDefault();
  const key = byId('key-text').value.trim();
  const wrong = byId('key-wrong');
  try {
    const response = await fetch('/v1/session', { method: 'POST', headers: { Authorization: `Bearer ${key}` } });
    if (response.ok) {
      sessionStorage.setItem(name, key);
      // Every state is in the address: what was turned away is asked for anew.
      location.reload();
      return;
    }
    wrong.textContent = (await response.json()).detail;
  } catch {
    wrong.textContent = 'The service does not answer.';
  }
  wrong.hidden = false;
});
