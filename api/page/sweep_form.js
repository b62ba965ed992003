// Start a sweep: the job that all trials have in common as its JSON, and what they differ in, a row each.
import { Problem, said, send } from './api.js';
import { h, select } from './dom.js';
import { state } from './state.js';

const base = { dataset: 'mnist', train_samples: 2000, test_samples: 500, epochs: 9, architecture: 'cnn_two_filters', compile: { optimizer: { name: 'sgd' } } };
const rate = '/compile/optimizer/learning_rate';

export class SweepForm {
  #key = '';

  /** @param {(sweep: import('./types.d.ts').Sweep) => void} onStart */
  constructor(onStart) {
    this.onStart = onStart;
    // What stands in the form of the view Train is in the address.
    this.base = h('textarea', { rows: 10, spellcheck: 'false', 'aria-label': 'the job in common, as JSON', value: JSON.stringify(stated() ?? base, null, 2) });
    this.rows = h('div', { class: 'layer-rows' });
    this.search = select('search', [['grid', 'grid: all with all'], ['random', 'random']], 'grid', kind => { this.trials.hidden = kind !== 'random'; });
    this.trials = h('label', { class: 'field', hidden: true }, h('span', {}, 'trials'), h('input', { type: 'number', min: 1, value: 8 }));
    this.metric = h('input', { value: 'val_categorical_accuracy', size: 24 });
    this.halving = select('halving', [['', 'none'], ['2', 'of 2 trials one goes on'], ['3', 'of 3 trials one goes on'], ['4', 'of 4 trials one goes on']], '3', () => {});
    this.message = h('p', { class: 'message', role: 'alert', hidden: true });
    this.start = h('button', { class: 'primary' }, 'Start the sweep');
    this.element = h('form', { class: 'sweep-form', novalidate: true, onsubmit: event => this.#submit(event), oninput: () => { this.#key = ''; } },
      h('fieldset', {}, h('legend', {}, 'What all trials have in common'), this.base),
      h('fieldset', {}, h('legend', {}, 'What they differ in'),
        h('p', { class: 'faint' }, 'A JSON pointer into the job, and its values: [0.1, 0.01], or a range {"low": 0.001, "high": 0.1, "scale": "log", "count": 3} (a random search draws from it, and takes no count).'),
        this.rows, h('button', { type: 'button', onclick: () => this.#add('', '[]') }, 'Add a parameter')),
      h('div', { class: 'controls' }, this.search, this.trials, h('label', { class: 'field' }, h('span', {}, 'objective'), this.metric), this.halving),
      this.message, h('div', {}, this.start));
    this.#add(rate, '[0.1, 0.01, 0.001]');
  }

  /** @param {string} pointer @param {string} values */
  #add(pointer, values) {
    const row = h('div', { class: 'parameter-row' },
      h('input', { 'aria-label': 'pointer', value: pointer, placeholder: '/batch_size', spellcheck: 'false' }),
      h('input', { 'aria-label': 'values', value: values, spellcheck: 'false' }),
      h('button', { type: 'button', 'aria-label': 'remove the parameter', onclick: () => row.remove() }, '×'));
    this.rows.append(row);
  }

  /** What is sent. Throws where something is no JSON. */
  spec() {
    const parameters = Object.fromEntries([...this.rows.children].map(row => {
      const [pointer, values] = [...row.querySelectorAll('input')].map(input => input.value.trim());
      const parsed = parse(values, `the values of ${pointer || 'a parameter'}`);
      return [pointer, Array.isArray(parsed) ? { values: parsed } : parsed];
    }));
    const kind = this.search.querySelector('select').value;
    const factor = this.halving.querySelector('select').value;
    return {
      base: parse(this.base.value, 'the job in common'),
      search: kind === 'random' ? { kind, trials: Number(this.trials.querySelector('input').value) } : { kind },
      parameters,
      objective: { metric: this.metric.value.trim() },
      halving: factor ? { factor: Number(factor) } : null,
    };
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    this.#say('');
    this.start.disabled = true;
    // Pressed twice, or sent again after an answer that was lost, it is still one sweep.
    this.#key ||= crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    try {
      this.onStart(await send('POST', '/v1/sweeps', this.spec(), { 'Idempotency-Key': this.#key }));
      this.#key = '';
    } catch (error) {
      const [first] = error instanceof Problem ? error.errors : [];
      this.#say(first && !said(error).includes(first.detail) ? `${first.pointer}: ${first.detail}` : said(error));
    } finally {
      this.start.disabled = false;
    }
  }

  /** @param {string} text */
  #say(text) {
    this.message.hidden = !text;
    this.message.textContent = text;
  }
}

function stated() {
  try {
    const spec = JSON.parse(state.spec ?? '');
    return spec && typeof spec === 'object' && !Array.isArray(spec) ? spec : null;
  } catch {
    return null;
  }
}

/** @param {string} text @param {string} what */
function parse(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`Not JSON: ${what}. ${said(error)}`);
  }
}
