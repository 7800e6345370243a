/** Training runs and evaluations below the directory of flava serve --runs. */
import type {
  EvaluationResponse,
  EvaluationsResponse,
} from "../../../src/serve/schemas/evaluations.js";
import type {
  LogEntry,
  LogResponse,
  RunResponse,
  RunsResponse,
} from "../../../src/serve/schemas/runs.js";
import { type RequestOptions, get, getFile } from "./request.js";

export type EvaluationSummary = EvaluationsResponse["data"][number];

/** The run that was logged to last comes first. */
export const runs = (options: RequestOptions): Promise<RunsResponse> => get("v1/runs", options);

export const run = (name: string, options: RequestOptions): Promise<RunResponse> =>
  get(`v1/runs/${encodeURIComponent(name)}`, options);

/** The lines of a stage's log from a step on. */
export async function log(
  runName: string,
  stage: string,
  from: number,
  options: RequestOptions,
): Promise<readonly LogEntry[]> {
  const path = `${pathOf(runName, stage)}/log?from=${from}`;
  return (await get<LogResponse>(path, options)).data;
}

/** A PNG of images above their reconstructions. */
export const reconstructions = (
  runName: string,
  stage: string,
  options: RequestOptions,
): Promise<Blob> => getFile(`${pathOf(runName, stage)}/reconstructions.png`, options);

const pathOf = (runName: string, stage: string): string =>
  `v1/runs/${encodeURIComponent(runName)}/${encodeURIComponent(stage)}`;

/** The last evaluation comes first. */
export const evaluations = (options: RequestOptions): Promise<EvaluationsResponse> =>
  get("v1/evaluations", options);

export const evaluation = (name: string, options: RequestOptions): Promise<EvaluationResponse> =>
  get(`v1/evaluations/${encodeURIComponent(name)}`, options);
