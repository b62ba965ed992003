// What a front end does, with nothing but the generated client: `node end_to_end.ts http://127.0.0.1:8000`.
// Prints what it saw as JSON; tests/system/test_typescript_client.py holds that against what Python sees.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import createClient from "openapi-fetch";
import { eventsIn } from "./events.ts";
import type { components, paths } from "./generated/cnnservice.ts";

type Schemas = components["schemas"];

const [baseUrl] = process.argv.slice(2);
assert(baseUrl, "usage: node end_to_end.ts URL");
const api = createClient<paths>({ baseUrl });

/** The answer, where it is not a problem. */
function given<Data>(answer: { data?: Data; error?: { detail?: string }; response: Response }): Data {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.status} from ${answer.response.url}: ${answer.error?.detail}`);
  }
  return answer.data;
}

const datasets = given(await api.GET("/v1/datasets")).items.map((dataset) => dataset.name);

const layers: Schemas["AnyLayer"][] = [
  { type: "conv2d", name: "Conv1", filters: 4, kernel_size: 5, activation: "relu" },
  { type: "max_pooling2d", name: "Pool1", pool_size: 2 },
  { type: "flatten", name: "Flatten" },
  { type: "dense", name: "FC1", units: 10, activation: "softmax" },
];
// Only a convolution has filters: the type tells.
const filters = layers.reduce((sum, layer) => sum + (layer.type === "conv2d" ? layer.filters : 0), 0);
const summary = given(
  await api.POST("/v1/architectures/validate", { body: { dataset: "mnist", architecture: { layers } } }),
);

// What was answered can be edited and sent again: a preset with other layers in the end.
const presets = given(await api.GET("/v1/architectures")).items;
const preset = presets.find((each) => each.name === "cnn");
assert(preset);
const edited: Schemas["AnyLayer"][] = preset.layers.map((layer) =>
  layer.type === "conv2d" ? { ...layer, filters: 2 * layer.filters } : layer,
);
const doubled = given(
  await api.POST("/v1/architectures/validate", { body: { dataset: "mnist", architecture: { layers: edited } } }),
);

const spec: Schemas["JobSpec"] = {
  dataset: "mnist",
  architecture: { layers },
  compile: { optimizer: { name: "adam", learning_rate: 0.003 } },
  train_samples: 200,
  test_samples: 50,
  epochs: 2,
  tags: ["typescript"],
};
const job = given(await api.POST("/v1/jobs", { body: spec }));

const seen: { epochs: number[]; losses: number[]; end: Schemas["EndBody"] | null } = { epochs: [], losses: [], end: null };
const stream = given(
  await api.GET("/v1/jobs/{job_id}/events", { params: { path: { job_id: job.id } }, parseAs: "stream" }),
);
assert(stream);
for await (const event of eventsIn<Schemas["JobEvent"]>(stream)) {
  switch (event.event) {
    case "status":
      assert.notEqual(event.data.status, "failed");
      break;
    case "batch":
      assert(event.data.step <= event.data.steps);
      break;
    case "epoch":
      seen.epochs.push(event.data.epoch);
      seen.losses.push(event.data["loss"] ?? Number.NaN);
      break;
    case "end":
      seen.end = event.data;
      break;
    default:
      event satisfies never;
  }
}

const path = { model_id: job.model_id };
const model = given(await api.GET("/v1/models/{model_id}", { params: { path } }));
const weights = given(await api.GET("/v1/models/{model_id}/layers", { params: { path } })).layers;

const conv1 = { params: { path: { ...path, layer: "Conv1" }, query: { epoch: 2, cmap: "viridis" } } } as const;
const sheet = given(await api.GET("/v1/models/{model_id}/layers/{layer}/filters.json", conv1));
const picture = await api.GET("/v1/models/{model_id}/layers/{layer}/filters.png", { ...conv1, parseAs: "arrayBuffer" });
const png = new Uint8Array(given(picture));

const etag = picture.response.headers.get("ETag");
assert(etag);
const again = await api.GET("/v1/models/{model_id}/layers/{layer}/filters.png", {
  params: { ...conv1.params, header: { "If-None-Match": etag } },
  parseAs: "text",
});

const image = "mnist:test:0";
const maps = given(
  await api.GET("/v1/models/{model_id}/layers/{layer}/activations.json", {
    params: { path: { ...path, layer: "Conv1" }, query: { image } },
  }),
);
const prediction = given(
  await api.GET("/v1/models/{model_id}/predictions.json", { params: { path, query: { image } } }),
);

/** A problem in a line: what else there is to say of it depends on its type. */
function told(problem: Schemas["Problem"]): string {
  switch (problem.type) {
    case "/problems/invalid":
      return `${problem.status} ${problem.errors.map((error) => error.pointer).join(" ")}`;
    case "/problems/unknown-epoch":
      return `${problem.status} ${problem.title}`;
    default:
      return problem.detail;
  }
}
const tooLate = await api.GET("/v1/models/{model_id}", { params: { path, query: { epoch: 99 } } });
const tooFew = await api.POST("/v1/jobs", { body: { dataset: "mnist", epochs: 0 } });
assert(tooLate.error && tooFew.error);

const deleted = await api.DELETE("/v1/jobs/{job_id}", { params: { path: { job_id: job.id } } });
const gone = await api.GET("/v1/jobs/{job_id}", { params: { path: { job_id: job.id } } });

const report = {
  datasets,
  filters,
  params: summary.params,
  doubled: doubled.layers.map((layer) => layer.output_shape.at(-1)),
  spec,
  answered_spec: job.spec,
  seen,
  classes: model.classes.length,
  layers: weights.map((layer) => layer.name),
  deviations: weights.flatMap((layer) => layer.weights.map((weight) => weight.std)),
  slices: sheet.slices,
  png: createHash("sha256").update(png).digest("hex"),
  not_modified: again.response.status,
  maps: maps.slices.length,
  probabilities: prediction.probabilities,
  problems: [told(tooLate.error), told(tooFew.error)],
  deleted: deleted.response.status,
  gone: gone.error?.type,
};
console.log(JSON.stringify(report));
