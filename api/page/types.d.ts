// What the API answers with, by the names that the page has for it. For who checks types alone: it is never served.
import type { components } from 'cnnservice';

type Schemas = components['schemas'];

export type Job = Schemas['JobAnswer'];
export type Sweep = Schemas['SweepAnswer'];
export type SweepItem = Schemas['SweepItem'];
export type Trial = Schemas['TrialAnswer'];
export type History = Schemas['History'];
export type Histogram = Schemas['Histogram'];
export type Prediction = Schemas['Prediction'];
export type Preset = Schemas['Preset'];
export type Dataset = Schemas['DatasetAnswer'];
export type Method = Schemas['MethodAnswer'];
export type Validation = Schemas['SummaryAnswer'];
export type Batch = Schemas['BatchBody'];
export type Epoch = Schemas['EpochBody'];
export type Samples = Schemas['SampleSheet'];
export type Evaluation = Schemas['Evaluation'];
export type Grid = Schemas['Grid'];
export type ProblemField = Schemas['ProblemField'];

/** A layer with the shape of its kernel, how many filters it has, and how many channels each of them reads. */
export type Layer = Schemas['LayerWeights'] & { kernel: number[] | null; filters: number | undefined; channels: number | null };

export type Summary = Omit<Schemas['ModelAnswer'], 'layers'> & { layers: Layer[] };

/** Colours and their range, as the address has them. */
export type Drawing = { cmap: string | undefined; normalize: string | undefined };

/** What the Look view shows. */
export type Shown = {
  model: import('./model.js').Model;
  summary: Summary;
  epoch: number;
  image: string;
  layer: Layer;
  drawing: Drawing;
  channel: string;
  filter: number | null;
};
