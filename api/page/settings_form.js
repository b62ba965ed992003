// How a network is trained: what is not said of its data and its layers.
import { h, select } from './dom.js';

const normalizations = [['minus_one_one', '-1 to 1'], ['zero_one', '0 to 1'], ['standard', 'mean 0, deviation 1']];
const losses = ['categorical_crossentropy', 'binary_crossentropy', 'mean_squared_error', 'categorical_hinge', 'kl_divergence'];
/** @type {Record<string, {learning_rate: number, momentum?: number, weight_decay?: number}>} */
const optimizers = {
  sgd: { learning_rate: 0.01, momentum: 0 }, adam: { learning_rate: 0.001 }, rmsprop: { learning_rate: 0.001 }, adamw: { learning_rate: 0.001, weight_decay: 0.004 },
};

/** Begins with the notebook's settings. changed() is called when another optimizer brings other settings. */
export class SettingsForm {
  /** @type {Record<string, {control: any, error: HTMLElement}>} */
  #inputs = {};

  /** @param {() => unknown} changed */
  constructor(changed) {
    this.changed = changed;
    /** @param {number} value */
    const number = value => h('input', { type: 'number', value, inputmode: 'decimal', step: 'any' });
    /** @param {string[] | string[][]} options */
    const list = options => select('', options, [options[0] ?? ''].flat()[0] ?? '', () => {}).querySelector('select');
    const optimizer = list(Object.keys(optimizers));
    optimizer.addEventListener('change', () => this.use(optimizer.value));
    this.element = h('div', { class: 'settings' },
      this.#field('epochs', 'epochs', number(30)),
      this.#field('train_samples', 'training images', number(6000)),
      this.#field('test_samples', 'test images', number(1000)),
      this.#field('batch_size', 'batch size', number(64)),
      this.#field('optimizer', 'optimizer', optimizer),
      this.#field('learning_rate', 'learning rate', number(0.01)),
      this.#field('momentum', 'momentum', number(0)),
      this.#field('loss', 'loss', list(losses)),
      this.#field('normalization', 'pixels scaled to', list(normalizations)),
      this.#field('seed', 'seed', number(0)),
      this.#field('tags', 'tags', h('input', { type: 'text', placeholder: 'demo, first' })));
  }

  /** @param {string} name @param {string} label @param {any} control */
  #field(name, label, control) {
    const error = h('span', { class: 'error', id: `error-${name}`, hidden: true });
    control.setAttribute('aria-describedby', `error-${name}`);
    this.#inputs[name] = { control, error };
    return h('label', { class: 'field' }, h('span', {}, label), control, error);
  }

  /** @param {string} name */
  #control(name) {
    return /** @type {{control: any}} */ (this.#inputs[name]).control;
  }

  /**
   * Take another optimizer, with the learning rate that suits it; one that is not in the list is left.
   * @param {string} name
   */
  use(name) {
    if (!(name in optimizers)) return;
    const { learning_rate: rate, momentum } = optimizers[name] ?? {};
    this.#control('optimizer').value = name;
    this.#control('learning_rate').value = rate;
    this.#control('momentum').parentElement.hidden = momentum === undefined;
    this.changed();
  }

  get optimizer() {
    return this.#control('optimizer').value;
  }

  /** Fill in what a spec says and a control can hold. @param {Record<string, any>} spec */
  fill({ compile, tags, ...plain }) {
    const { optimizer, loss } = { ...compile };
    this.use(optimizer?.name);
    const values = { ...plain, ...optimizer, loss, tags: Array.isArray(tags) ? tags.join(', ') : undefined };
    for (const [name, value] of Object.entries(values)) {
      const control = this.#inputs[name]?.control;
      const fits = control?.type === 'number' ? Number.isFinite(value) : typeof value === 'string';
      if (control && fits) control.value = value;
    }
  }

  /** The part of a job's spec: numbers as numbers; what is not one is left for the service to judge. */
  get spec() {
    /** @param {string} name */
    const number = name => {
      const text = this.#control(name).value;
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    };
    const { value: name } = this.#control('optimizer');
    const optimizer = { ...optimizers[name], name, learning_rate: number('learning_rate') };
    if ('momentum' in optimizer) optimizer.momentum = number('momentum');
    const tags = this.#control('tags').value.split(',').map((/** @type {string} */ tag) => tag.trim()).filter(Boolean);
    return {
      train_samples: number('train_samples'), test_samples: number('test_samples'), normalization: this.#control('normalization').value,
      compile: { loss: this.#control('loss').value, optimizer, metrics: ['categorical_accuracy'] },
      epochs: number('epochs'), batch_size: number('batch_size'), seed: number('seed'), ...(tags.length ? { tags } : {}),
    };
  }

  /**
   * Say each error beside what it is about. Whether all have found their place. focus: go to the first.
   * @param {import('./types.d.ts').ProblemField[]} errors
   */
  tell(errors, { focus = false } = {}) {
    for (const { control, error } of Object.values(this.#inputs)) {
      control.removeAttribute('aria-invalid');
      error.hidden = true;
    }
    const placed = errors.filter(({ pointer, detail }) => {
      // A layer has a seed, too.
      const field = pointer.startsWith('/architecture') ? undefined : this.#inputs[pointer.split('/').findLast(part => part in this.#inputs) ?? ''];
      if (!field) return false;
      field.control.setAttribute('aria-invalid', 'true');
      field.error.hidden = false;
      field.error.textContent = detail;
      return true;
    });
    if (focus && placed.length) this.element.querySelector('[aria-invalid]').focus();
    return placed.length > 0 && placed.length === errors.length;
  }
}
