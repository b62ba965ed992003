// A picture's address at hand: to open, to copy, and as a command.
import { announce, h } from './dom.js';
import { authorization } from './key.js';

/** Three small buttons; `set(path)` says whose. */
export function links() {
  let path = '';
  const absolute = () => new URL(path, location.href).href;
  const open = h('a', { class: 'small', target: '_blank', rel: 'noopener', 'aria-label': 'open the picture' }, 'open');
  /** @param {string} label @param {string} name @param {() => string} text */
  const copy = (label, name, text) => h('button', { type: 'button', class: 'small', 'aria-label': name, onclick: event => put(event.currentTarget, label, text()) }, label);
  const element = h(
    'span', { class: 'links', hidden: true },
    open,
    copy('URL', 'copy the URL of the picture', absolute),
    copy('curl', 'copy a curl command for the picture', () => `curl -sS ${header()}'${absolute().replaceAll("'", '%27')}' -o ${fileName(path)}`),
  );
  return {
    element,
    /** @param {string} next */
    set(next) {
      path = next;
      open.href = next;
      element.hidden = false;
    },
  };
}

// The key itself stays out of what is pasted somewhere.
const header = () => ('Authorization' in authorization() ? '-H "Authorization: Bearer $CNNSERVICE_KEY" ' : '');
/** @param {string} path */
const fileName = path => path.split('?')[0].split('/').at(-1);

/** @param {HTMLButtonElement} button @param {string} label @param {string} text */
async function put(button, label, text) {
  try {
    await navigator.clipboard.writeText(text);
    say(button, 'copied', label);
    announce('Copied');
  } catch {
    // Without leave to write, or not from a secure origin: the text is shown to be copied by hand.
    prompt('Copy this', text);
  }
}

/** @param {HTMLButtonElement} button @param {string} text @param {string} label */
function say(button, text, label) {
  button.textContent = text;
  setTimeout(() => { button.textContent = label; }, 1200);
}
