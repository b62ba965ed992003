// Train a network: data, layers, settings; what is wrong with them is said before anything is started.
import { get, Problem, said, send } from '../api.js';
import { debounce, h, select } from '../dom.js';
import { LayerEditor } from '../layer_editor.js';
import { go, state } from '../state.js';
import { SummaryTable } from '../summary_table.js';

const normalizations = [['minus_one_one', '-1 to 1'], ['zero_one', '0 to 1'], ['standard', 'mean 0, deviation 1']];
const losses = ['categorical_crossentropy', 'binary_crossentropy', 'mean_squared_error', 'categorical_hinge', 'kl_divergence'];
const optimizers = { sgd: { learning_rate: 0.01, momentum: 0 }, adam: { learning_rate: 0.001 }, rmsprop: { learning_rate: 0.001 }, adamw: { learning_rate: 0.001, weight_decay: 0.004 } };
const own = 'own';

export class Train {
  /** @type {import('../types.d.ts').Preset[]} */
  #presets = [];
  /** @type {Record<string, unknown>[] | null} */
  #layers = null;
  #key = '';

  constructor() {
    this.data = h('div', { class: 'cards' });
    this.preset = h('select', { 'aria-label': 'preset', onchange: () => this.#choosePreset() });
    this.description = h('p', { class: 'faint' });
    this.editor = new LayerEditor(() => this.#edited());
    this.edit = h('button', { type: 'button', onclick: () => this.#own() }, 'Edit the layers');
    this.architecture = h('fieldset', { class: 'panel' }, h('legend', {}, 'Layers'),
      h('div', { class: 'controls' }, this.preset, this.edit), this.description, this.editor.element);
    this.inputs = {};
    this.settings = h('div', { class: 'settings' });
    this.summary = new SummaryTable();
    this.body = h('pre', { tabindex: 0, 'aria-label': 'the request' });
    this.message = h('p', { class: 'message', role: 'alert', hidden: true });
    this.start = h('button', { class: 'primary' }, 'Start training');
    this.form = h('form', { novalidate: true, onsubmit: event => this.#submit(event), oninput: () => this.#changed() },
      h('fieldset', { class: 'panel' }, h('legend', {}, 'Data'), this.data), this.architecture,
      h('fieldset', { class: 'panel' }, h('legend', {}, 'Settings'), this.settings), this.message, h('div', {}, this.start));
    this.element = h('div', {}, h('h1', { class: 'unseen' }, 'Train a network'),
      h('div', { class: 'train' }, this.form,
        h('div', { class: 'side' }, h('section', { class: 'panel', 'aria-label': 'summary' }, h('h2', {}, 'What it will be'), this.summary.element),
          h('details', { class: 'panel' }, h('summary', {}, 'The request'), this.body))));
    this.validate = debounce(250, () => this.#validate());
    this.#fields();
    this.#load();
  }

  update() {}

  close() {}

  async #load() {
    try {
      const [datasets, architectures] = await Promise.all([get('/v1/datasets'), get('/v1/architectures')]);
      this.#presets = architectures.items;
      this.#datasets(datasets.items);
      this.preset.replaceChildren(...this.#presets.map(preset => h('option', { value: preset.name }, preset.name)), h('option', { value: own, hidden: true }, 'own layers'));
      await this.#fill(this.#stated());
    } catch (error) {
      this.#say(said(error));
      setTimeout(() => this.#load(), 3000);
    }
  }

  /** What the address says of the job to be; nothing where it says nothing that can be read. */
  #stated() {
    try {
      return { ...JSON.parse(state.spec ?? '{}') };
    } catch {
      return {};
    }
  }

  /** Fill the form with a spec, or with as much of one as is said. @param {Record<string, any>} spec */
  async #fill({ architecture = 'cnn', compile, tags, ...plain }) {
    if (typeof architecture === 'string') {
      this.preset.value = this.#presets.some(preset => preset.name === architecture) ? architecture : 'cnn';
      this.#choosePreset();
    }
    const { optimizer, loss } = { ...compile };
    if (optimizer?.name in optimizers) {
      this.inputs.optimizer.control.value = optimizer.name;
      this.#optimizer();
    }
    const values = { ...plain, ...optimizer, loss, tags: Array.isArray(tags) ? tags.join(', ') : undefined };
    for (const [name, value] of Object.entries(values)) {
      const control = this.inputs[name]?.control;
      const fits = control?.type === 'number' ? Number.isFinite(value) : typeof value === 'string';
      if (control && fits) control.value = value;
    }
    if (Array.isArray(architecture?.layers)) {
      await this.editor.edit(architecture.layers);
      this.preset.value = own;
      this.edit.hidden = true;
      this.#layers = this.editor.layers;
    }
    this.#changed();
  }

  #datasets(datasets) {
    const { dataset: stated } = this.#stated();
    const chosen = datasets.some(one => one.name === stated) ? stated : 'mnist';
    this.data.replaceChildren(...datasets.map(dataset => {
      const there = dataset.samples_on_disk.train > 0;
      const size = dataset.splits.train.toLocaleString('en');
      return h('label', { class: 'data-card' },
        h('span', {}, h('input', { type: 'radio', name: 'dataset', value: dataset.name, checked: dataset.name === chosen }), ' ', h('b', {}, dataset.name)),
        h('span', { class: 'faint' }, `${dataset.shape.join('×')}, ${dataset.classes.length} classes, ${size} images`),
        there
          ? h('span', { class: 'frame' }, h('img', { src: `/v1/datasets/${dataset.name}/train/images.png?rows=6&cols=6&scale=1&gap=2`, alt: `36 images of ${dataset.name}`, width: 6 * dataset.shape[1] + 10, height: 6 * dataset.shape[0] + 10 }))
          : h('span', { class: 'faint' }, 'not here yet: fetched when a job wants it'));
    }));
  }

  #fields() {
    const field = (name, label, control) => {
      const error = h('span', { class: 'error', id: `error-${name}`, hidden: true });
      control.setAttribute('aria-describedby', `error-${name}`);
      this.inputs[name] = { control, error };
      return h('label', { class: 'field' }, h('span', {}, label), control, error);
    };
    const number = (value, attributes = {}) => h('input', { type: 'number', value, inputmode: 'decimal', step: 'any', ...attributes });
    const list = options => select('', options, Array.isArray(options[0]) ? options[0][0] : options[0], () => {}).querySelector('select');
    const optimizer = list(Object.keys(optimizers));
    optimizer.addEventListener('change', () => this.#optimizer());
    this.settings.append(
      field('epochs', 'epochs', number(30)), field('train_samples', 'training images', number(6000)), field('test_samples', 'test images', number(1000)),
      field('batch_size', 'batch size', number(64)), field('optimizer', 'optimizer', optimizer), field('learning_rate', 'learning rate', number(0.01)),
      field('momentum', 'momentum', number(0)), field('loss', 'loss', list(losses)), field('normalization', 'pixels scaled to', list(normalizations)),
      field('seed', 'seed', number(0)), field('tags', 'tags', h('input', { type: 'text', placeholder: 'demo, first' })),
    );
  }

  #optimizer() {
    const { learning_rate: rate, momentum } = optimizers[this.#value('optimizer')];
    this.inputs.learning_rate.control.value = rate;
    this.inputs.momentum.control.parentElement.hidden = momentum === undefined;
    this.#changed();
  }

  #value(name) {
    return this.inputs[name].control.value;
  }

  /** What is sent: numbers as numbers; what is not one is left for the service to judge. */
  spec() {
    const number = name => {
      const text = this.#value(name);
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    };
    const name = this.#value('optimizer');
    const optimizer = { ...optimizers[name], name, learning_rate: number('learning_rate') };
    if ('momentum' in optimizers[name]) optimizer.momentum = number('momentum');
    const tags = this.#value('tags').split(',').map(tag => tag.trim()).filter(Boolean);
    return {
      dataset: this.form.elements.dataset?.value ?? 'mnist',
      train_samples: number('train_samples'), test_samples: number('test_samples'), normalization: this.#value('normalization'),
      architecture: this.#layers === null ? this.preset.value : { layers: this.#layers },
      compile: { loss: this.#value('loss'), optimizer, metrics: ['categorical_accuracy'] },
      epochs: number('epochs'), batch_size: number('batch_size'), seed: number('seed'), ...(tags.length ? { tags } : {}),
    };
  }

  #choosePreset() {
    this.#layers = null;
    this.editor.hide();
    this.edit.hidden = false;
    const preset = this.#presets.find(one => one.name === this.preset.value);
    this.description.textContent = preset?.description ?? '';
    if (preset && preset.optimizer !== this.#value('optimizer') && preset.optimizer in optimizers) {
      this.inputs.optimizer.control.value = preset.optimizer;
      this.#optimizer();
    }
    this.#changed();
  }

  #own() {
    const preset = this.#presets.find(one => one.name === this.preset.value);
    if (!preset) return;
    this.editor.edit(preset.layers);
    this.preset.value = own;
    this.edit.hidden = true;
    this.description.textContent = `made from ${preset.name}`;
    this.#edited();
  }

  #edited() {
    this.#layers = this.editor.layers;
    this.#changed();
  }

  #changed() {
    const spec = this.spec();
    this.#key = '';
    go({ spec: JSON.stringify(spec) });
    this.body.textContent = `POST /v1/jobs\n${JSON.stringify(spec, null, 2)}`;
    this.validate();
  }

  async #validate() {
    const { dataset, architecture } = this.spec();
    const asked = JSON.stringify([dataset, architecture]);
    this.asked = asked;
    try {
      const told = await send('POST', '/v1/architectures/validate', { dataset, architecture });
      if (asked !== this.asked) return;
      this.summary.show(told);
      this.editor.tell(told, []);
    } catch (error) {
      if (asked !== this.asked || !(error instanceof Problem)) return;
      this.summary.refuse(error);
      this.editor.tell(null, error.errors.length ? error.errors : [{ pointer: '', detail: error.message }]);
    }
  }

  async #submit(event) {
    event.preventDefault();
    this.#say('');
    this.#errors([]);
    this.start.disabled = true;
    // Pressed twice, or sent again after an answer that was lost, it is still one job.
    this.#key ||= crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    try {
      const job = await send('POST', '/v1/jobs', this.spec(), { 'Idempotency-Key': this.#key });
      go({ view: 'watch', model: job.id, epoch: null, layer: null, filter: null, image: null, spec: null }, { step: true });
    } catch (error) {
      const placed = error instanceof Problem ? this.#errors(error.errors) : false;
      this.#say(placed ? 'Some settings are not allowed; see beside them.' : said(error));
    } finally {
      this.start.disabled = false;
    }
  }

  /** Say each error beside what it is about. Whether all have found their place. */
  #errors(errors) {
    for (const { control, error } of Object.values(this.inputs)) {
      control.removeAttribute('aria-invalid');
      error.hidden = true;
    }
    const placed = errors.filter(({ pointer, detail }) => {
      const field = this.inputs[pointer.split('/').findLast(part => part in this.inputs)];
      if (!field) return false;
      field.control.setAttribute('aria-invalid', 'true');
      field.error.hidden = false;
      field.error.textContent = detail;
      return true;
    });
    placed.length && Object.values(this.inputs).find(({ control }) => control.matches('[aria-invalid]'))?.control.focus();
    return placed.length > 0 && placed.length === errors.length;
  }

  #say(text) {
    this.message.hidden = !text;
    this.message.textContent = text;
  }
}
