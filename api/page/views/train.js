// Train a network: data, layers, settings; what is wrong with them is said before anything is started.
import { get, Problem, said, send } from '../api.js';
import { schemas } from '../document.js';
import { announce, debounce, h } from '../dom.js';
import { faults } from '../faults.js';
import { LayerEditor } from '../layer_editor.js';
import { SettingsForm } from '../settings_form.js';
import { address, go, state } from '../state.js';
import { SummaryTable } from '../summary_table.js';

const own = 'own';

export class Train {
  /** @type {import('../types.d.ts').Preset[]} */
  #presets = [];
  /** @type {Record<string, unknown>[] | null} */
  #layers = null;
  /** @type {import('../types.d.ts').Dataset[]} */
  #known = [];
  #key = '';
  #sent = '';

  constructor() {
    this.data = h('div', { class: 'cards' });
    this.preset = h('select', { 'aria-label': 'preset', onchange: () => this.#choosePreset() });
    this.description = h('p', { class: 'faint description' });
    this.editor = new LayerEditor(() => this.#edited());
    this.edit = h('button', { type: 'button', onclick: () => this.#own() }, 'Edit the layers');
    this.architecture = h('fieldset', { class: 'panel' }, h('legend', {}, 'Layers'),
      h('div', { class: 'controls' }, this.preset, this.edit), this.description, this.editor.element);
    this.settings = new SettingsForm(() => this.#changed());
    this.summary = new SummaryTable();
    this.body = h('pre', { tabindex: 0, 'aria-label': 'the request' });
    this.message = h('p', { class: 'message', role: 'alert', hidden: true });
    this.start = h('button', { class: 'primary' }, 'Start training');
    this.sweep = h('a', {}, 'Sweep over its settings');
    this.form = h('form', { novalidate: true, onsubmit: event => this.#submit(event), oninput: () => this.#changed() },
      h('fieldset', { class: 'panel' }, h('legend', {}, 'Data'), this.data), this.architecture,
      h('fieldset', { class: 'panel' }, h('legend', {}, 'Settings'), this.settings.element), this.message, h('div', { class: 'controls' }, this.start, this.sweep));
    this.element = h('div', {}, h('h1', { class: 'unseen' }, 'Train a network'),
      h('div', { class: 'train' }, this.form,
        h('div', { class: 'side' }, h('section', { class: 'panel', 'aria-label': 'summary' }, h('h2', {}, 'What it will be'), this.summary.element),
          h('details', { class: 'panel' }, h('summary', {}, 'The request'), this.body))));
    // Nothing can be pressed that would do nothing: what there is to choose from comes first.
    this.waiting = [this.preset, this.edit, this.start];
    this.waiting.forEach(control => { control.disabled = true; });
    this.validate = debounce(250, () => {
      this.#judge();
      this.#validate();
    });
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
      this.waiting.forEach(control => { control.disabled = false; });
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
  async #fill({ architecture = 'cnn', ...settings }) {
    if (typeof architecture === 'string') {
      this.preset.value = this.#presets.some(preset => preset.name === architecture) ? architecture : 'cnn';
      this.#choosePreset();
    }
    this.settings.fill(settings);
    if (Array.isArray(architecture?.layers)) {
      await this.editor.edit(architecture.layers);
      this.preset.value = own;
      this.edit.hidden = true;
      this.#layers = this.editor.layers;
    }
    this.#changed();
  }

  /** @param {import('../types.d.ts').Dataset[]} datasets */
  #datasets(datasets) {
    this.#known = datasets;
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

  /** What is sent. */
  spec() {
    return {
      dataset: this.form.elements.dataset?.value ?? 'mnist',
      architecture: this.#layers === null ? this.preset.value : { layers: this.#layers },
      ...this.settings.spec,
    };
  }

  #choosePreset() {
    this.#layers = null;
    this.editor.hide();
    this.edit.hidden = false;
    const preset = this.#presets.find(one => one.name === this.preset.value);
    this.description.textContent = preset?.description ?? '';
    if (preset && preset.optimizer !== this.settings.optimizer) this.settings.use(preset.optimizer);
    this.#changed();
  }

  async #own() {
    const preset = this.#presets.find(one => one.name === this.preset.value);
    if (!preset) return;
    try {
      await this.editor.edit(preset.layers);
    } catch (error) {
      this.#say(said(error));
      return;
    }
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
    this.#say('');
    go({ spec: JSON.stringify(spec) });
    this.sweep.href = address({ view: 'sweep', open: 'new', spec: JSON.stringify(spec) });
    this.body.textContent = `POST /v1/jobs\n${JSON.stringify(spec, null, 2)}`;
    this.validate();
  }

  /** Its settings, while they are typed: by what the API says that it takes, and by how many images there are. */
  async #judge() {
    const spec = this.spec();
    const known = await schemas().catch(() => null);
    // What was sent has been judged by the service itself.
    if (!known || JSON.stringify(this.spec()) !== JSON.stringify(spec) || JSON.stringify(spec) === this.#sent) return;
    const { architecture: _, ...settings } = spec;
    const found = [...faults(settings, { $ref: 'JobSpec' }, known), ...this.#tooMany(settings)];
    this.settings.tell(found);
    announce(found.map(({ detail }) => detail).join('; '));
  }

  /**
   * @param {Record<string, any>} settings
   * @returns {import('../types.d.ts').ProblemField[]}
   */
  #tooMany({ dataset, train_samples, test_samples }) {
    const splits = this.#known.find(one => one.name === dataset)?.splits ?? {};
    return Object.entries({ train: train_samples, test: test_samples }).filter(([split, wanted]) => wanted > (splits[split] ?? Infinity)).map(([split, wanted]) => ({
      pointer: `/${split}_samples`, detail: `${split}_samples is ${wanted}; ${dataset} has ${splits[split]} images in ${split}, so at most ${splits[split]} is allowed.`,
    }));
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

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    this.#say('');
    this.settings.tell([]);
    this.start.disabled = true;
    this.#sent = JSON.stringify(this.spec());
    // Pressed twice, or sent again after an answer that was lost, it is still one job.
    this.#key ||= crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    try {
      const job = await send('POST', '/v1/jobs', this.spec(), { 'Idempotency-Key': this.#key });
      go({ view: 'watch', model: job.id, epoch: null, layer: null, filter: null, image: null, spec: null }, { step: true });
    } catch (error) {
      const placed = error instanceof Problem ? this.settings.tell(error.errors, { focus: true }) : false;
      this.#say(placed ? 'Some settings are not allowed; see beside them.' : said(error));
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
