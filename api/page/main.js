// The page: which view is shown, its links, and the keys.
import { address, go, onState, state } from './state.js';
import { byId, h } from './dom.js';
import { enter } from './key.js';
import { Compare } from './views/compare.js';
import { Look } from './views/look.js';
import { Sweep } from './views/sweep.js';
import { Train } from './views/train.js';
import { Watch } from './views/watch.js';

/** @type {Record<string, [string, new () => NonNullable<typeof shown>]>} */
const views = { train: ['Train', Train], watch: ['Watch', Watch], look: ['Look', Look], compare: ['Compare', Compare], sweep: ['Sweep', Sweep] };
const fallback = 'watch';
const place = byId('view');
/** @type {{element: HTMLElement, update(): void, close(): void, key?(key: string): boolean} | null} */
let shown = null;
let name = '';

function show() {
  const wanted = Object.keys(views).find(view => view === state.view) ?? fallback;
  const [title, View] = views[wanted] ?? ['', Watch];
  if (wanted !== name) {
    shown?.close();
    name = wanted;
    shown = new View();
    place.replaceChildren(shown.element);
    document.title = `${title} · cnnservice`;
  }
  shown?.update();
  links();
}

// A link of the navigation keeps what was looked at: the model, the epoch, the layer and the image go along.
function links() {
  const kept = Object.fromEntries(['model', 'epoch', 'layer', 'image', 'with', 'with_epoch', 'linked', 'sweep'].filter(key => key in state).map(key => [key, state[key]]));
  for (const link of byId('views').children) {
    link.href = address({ view: link.dataset.view, ...kept });
    if (link.dataset.view === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

byId('views').append(...Object.entries(views).map(([view, [title]]) => h('a', { 'data-view': view }, title)));

addEventListener('click', event => {
  const link = /** @type {HTMLElement} */ (event.target).closest('a[href^="/?"]');
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const next = Object.fromEntries(new URLSearchParams(link.search));
  const gone = Object.fromEntries(Object.keys(state).map(key => [key, null]));
  go({ ...gone, ...next }, { step: true });
  if (link.closest('#views')) scrollTo(0, 0);
});

// A file dropped beside its place would take the page away.
for (const name of ['dragover', 'drop']) addEventListener(name, event => event.preventDefault());

const help = byId('help');
byId('help-button').addEventListener('click', () => help.showModal());

addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.closest('input:not([type=range]):not([type=checkbox]), select, textarea, [contenteditable]');
  if (typing) return;
  if (event.key === '?') return help.showModal();
  // The slider moves by itself, and a button is pressed by the space bar.
  if (event.key === ' ' && target.closest('button, a, summary, input')) return;
  if (event.key.startsWith('Arrow') && target.closest('.scroll, .strip')) return;
  if (shown?.key?.(event.key)) event.preventDefault();
});

enter().then(() => {
  onState(show);
  show();
});
