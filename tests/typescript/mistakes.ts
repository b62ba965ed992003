// Each line that ends in `// wrong` must not compile, and no other: the types are not `any`.

import createClient from "openapi-fetch";
import type { components, paths } from "./generated/cnnservice.ts";

type Schemas = components["schemas"];
const api = createClient<paths>();

export const misspelled: Schemas["AnyLayer"] = { type: "conv2", filters: 4, kernel_size: 5 }; // wrong
export const untyped: Schemas["AnyLayer"] = { filters: 4, kernel_size: 5 }; // wrong
export const ofAnother: Schemas["AnyLayer"] = { type: "flatten", filters: 4 }; // wrong
export const unfinished: Schemas["AnyLayer"] = { type: "conv2d", filters: 4 }; // wrong
export const unknownPreset: Schemas["JobSpec"] = { dataset: "mnist", architecture: "cnm" }; // wrong
export const noDataset: Schemas["JobSpec"] = { epochs: 3 }; // wrong
export const right: Schemas["JobSpec"] = { dataset: "mnist", architecture: "cnn" };

export function sameAgain(job: Schemas["JobAnswer"]): Schemas["JobSpec"] {
  return { ...job.spec, seed: 1 };
}

export function readEvent(event: Schemas["JobEvent"]): number {
  return event.data.step; // wrong
}

export function readBatch(event: Schemas["JobEvent"]): number {
  return event.event === "batch" ? event.data.step : 0;
}

export function readProblem(problem: Schemas["Problem"]): number {
  return problem.errors.length; // wrong
}

export function readStatus(job: Schemas["JobAnswer"]): boolean {
  return job.status === "done"; // wrong
}

await api.GET("/v1/job"); // wrong
await api.GET("/v1/jobs", { params: { query: { status: "done" } } }); // wrong
const answer = await api.GET("/v1/jobs/{job_id}", { params: { path: { job_id: "1" } } });
export const unchecked = answer.data.status; // wrong
export const otherProblem = answer.error?.type === "/problems/no-kernel"; // wrong
export const ownProblem = answer.error?.type === "/problems/unknown-job";
