/** The weights that a stage starts from: a checkpoint, earlier stages, or both. */
import { counted } from "../../base/counted.js";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { State } from "../../backend/state.js";
import { exists, isDirectory } from "../../base/exists.js";
import type { Checkpoint } from "../../checkpoint/checkpoint.js";
import { type LoadReport, compare } from "../../checkpoint/compare.js";
import {
  WeightsMismatch,
  describeForeign,
  describeMismatch,
  loadWeights,
} from "../../checkpoint/load.js";
import { describeDropout } from "../../checkpoint/huggingface-config.js";
import { openCheckpoint } from "../../checkpoint/open.js";
import { root, weightPaths } from "../../checkpoint/weight-paths.js";
import type { StageRecipe } from "../../configs/recipe.js";
import type { TensorSpec } from "../../graph/tensor.js";
import type { FlavaConfig } from "../../model/config.js";
import { RunDirectory } from "./run-directory.js";

/** The parts of a whole model. */
export const roots = ["flava", "codebook", "heads"] as const;

/** Weights to start from. */
export interface StartWeights {
  /** "--start", or the stage that made them. */
  readonly name: string;
  readonly path: string;
  /** The parts to take, such as "flava/image"; default: all that fit. */
  readonly parts?: readonly string[];
}

/**
 * The weights that `stage` starts from, in loading order: later ones replace earlier ones. Those of `start` stand in for
 * earlier stages that are not finished; they are left out, and the log says so, if earlier stages replace all of them.
 *
 * @param directory of the run, with a directory for each stage
 * @throws Error if an earlier stage is not finished and there are no weights to start from instead
 */
export async function startWeights(
  stage: StageRecipe,
  directory: string,
  start: string | undefined,
  log: (line: string) => void,
): Promise<StartWeights[]> {
  if (stage.kind === "codebook") return [];
  const given = start === undefined ? [] : [{ name: "--start", path: start }];
  const earlier = stage.from.map(({ stage: name, parts }) => {
    return { name, path: join(directory, name, "final"), parts };
  });
  for (const { name } of earlier) await new RunDirectory(join(directory, name)).recover();
  const finished = await Promise.all(earlier.map(({ path }) => exists(path)));
  const missing = earlier.find((_, index) => !finished[index]);
  if (missing && start === undefined) throw notFinished(stage.name, missing);
  const found = earlier.filter((_, index) => finished[index]);
  const replacing = found.find(({ parts }) => roots.every((root) => parts.includes(root)));
  if (start === undefined || !replacing) return [...given, ...found];
  log(`Stage "${stage.name}" takes all its weights from ${replacing.path}, none from ${start}.`);
  return found;
}

/** @param missing the earlier stage that was not made */
export const notFinished = (
  stage: string,
  { name, path }: Pick<StartWeights, "name" | "path">,
): Error =>
  new Error(
    `Stage "${stage}" starts from stage "${name}", but there is no ${path}. ` +
      `Run stage "${name}" first (--stage ${name}), or name weights to start from (--start).`,
  );

export const noWeights = (path: string): Error =>
  new Error(`${path} has no weights that this stage can start from.`);

/** SHA-256 of all weight files at each path, by name. */
export async function identitiesOf(
  sources: readonly StartWeights[],
): Promise<Record<string, string>> {
  const identities: Record<string, string> = {};
  for (const { name, path } of sources) identities[name] = await identityOf(path);
  return identities;
}

async function identityOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of await weightFiles(path)) {
    await pipeline(createReadStream(file), hash, { end: false });
  }
  return hash.digest("hex");
}

async function weightFiles(path: string): Promise<string[]> {
  if (!(await isDirectory(path))) return [path];
  const names = await readdir(path);
  return names
    .filter((name) => /\.(safetensors|bin|pt|pth|ckpt|pkl)$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

/**
 * Loads weights into the parameters of `state`. What the stage has and a source lacks, and vice versa, is logged in
 * one line per source; those weights keep their initial values.
 *
 * @returns whether a codebook is among them
 * @throws Error if a source has no weights for the stage
 * @throws WeightsMismatch if a source's encoders or codebook have other shapes, or are missing from a whole model
 */
export async function loadStart(
  sources: readonly StartWeights[],
  state: State,
  config: FlavaConfig,
  log: (line: string) => void,
): Promise<boolean> {
  let hasCodebook = false;
  for (const { path, parts } of sources) {
    const checkpoint = await openCheckpoint(path, { heads: config.image.heads });
    try {
      const reports = await loadParts(checkpoint, state, parts);
      hasCodebook ||= reports.codebook.loaded > 0;
      const report = combined(Object.values(reports));
      if (report.loaded === 0) throw noWeights(path);
      const taken = `${counted(report.loaded, "tensor")}${parts ? ` of ${parts.join(", ")}` : ""}`;
      const left = checkpoint.unknown.length > 0 ? [describeForeign(checkpoint.unknown, 3)] : [];
      const others = reports.flava.loaded > 0 ? otherSettings(checkpoint, config) : [];
      const said = [`${path}: ${taken}`, ...describeMismatch(report, 3), ...left, ...others];
      log(`Starting from ${said.join(". ")}.`);
    } finally {
      await checkpoint.close();
    }
  }
  return hasCodebook;
}

/** Settings in config.json that the weights were made with and that differ here, which shapes do not show: a phrase for each. */
export function otherSettings(
  { source, sizes }: Checkpoint,
  config: FlavaConfig,
): readonly string[] {
  if (!source || sizes?.kind !== "flava") return [];
  const settingsOf = ({ epsilon, headEpsilon, maskPadding }: FlavaConfig) => ({
    layer_norm_eps: epsilon,
    head_layer_norm_eps: headEpsilon,
    mask_padding: maskPadding,
  });
  const here = new Map(Object.entries(settingsOf(config)));
  const others = Object.entries(settingsOf(sizes.config))
    .filter(([name, value]) => value !== here.get(name))
    .map(([name, value]) => `It was made with ${name} ${value}, here it is ${here.get(name)}`);
  return [...others, describeDropout(source) ?? []].flat();
}

function combined(reports: readonly LoadReport[]): LoadReport {
  return {
    loaded: reports.reduce((sum, { loaded }) => sum + loaded, 0),
    missing: reports.flatMap(({ missing }) => missing),
    unexpected: reports.flatMap(({ unexpected }) => unexpected),
    foreign: reports.flatMap(({ foreign }) => foreign),
    misshapen: reports.flatMap(({ misshapen }) => misshapen),
  };
}

type Reports = Readonly<Record<(typeof roots)[number], LoadReport>>;

/** Loads what fits of `parts`, and refuses encoders or a codebook that fit only in part. */
async function loadParts(
  checkpoint: Checkpoint,
  state: State,
  parts: readonly string[] = roots,
): Promise<Reports> {
  const specs = weightPaths(state).map((path) => [path, state.spec(root + path)] as const);
  const reports = fitOf(checkpoint, new Map(specs), parts);
  await loadWeights(checkpoint, state, { strict: false, parts });
  return reports;
}

/**
 * How the `parts` of a checkpoint fit.
 *
 * @param specs of a stage's weights, by path
 * @throws WeightsMismatch if its encoders or codebook fit only in part
 */
export function fitOf(
  checkpoint: Checkpoint,
  specs: ReadonlyMap<string, TensorSpec>,
  parts: readonly string[] = roots,
): Reports {
  const fit = (top: string): LoadReport => {
    const within = parts.filter((part) => `${part}/`.startsWith(`${top}/`));
    const isWithin = (path: string): boolean =>
      within.some((part) => `${path}/`.startsWith(`${part}/`));
    return compare(checkpoint, new Map([...specs].filter(([path]) => isWithin(path)))).report;
  };
  const [flava, codebook] = [fit("flava"), fit("codebook")];
  const isModel = checkpoint.sizes?.kind === "flava" && parts.includes("flava");
  if (flava.misshapen.length > 0 || (isModel && flava.loaded === 0)) {
    throw new WeightsMismatch(checkpoint.path, flava);
  }
  const isPartial = codebook.loaded > 0 && codebook.missing.length > 0;
  if (codebook.misshapen.length > 0 || isPartial) {
    throw new WeightsMismatch(checkpoint.path, codebook);
  }
  return { flava, codebook, heads: fit("heads") };
}
