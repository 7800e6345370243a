/** The weights that a stage starts from: a checkpoint, earlier stages, or both. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { State } from "../../backend/state.js";
import { exists, isDirectory } from "../../base/exists.js";
import { loadWeights } from "../../checkpoint/load.js";
import { openCheckpoint } from "../../checkpoint/open.js";
import type { StageRecipe } from "../../configs/recipe.js";
import type { FlavaConfig } from "../../model/config.js";

/** Weights to start from. */
export interface StartWeights {
  /** "--start", or the stage that made them. */
  readonly name: string;
  readonly path: string;
  /** The parts that are taken, such as "flava/image"; default: all that fit. */
  readonly parts?: readonly string[];
}

/**
 * Where `stage` starts from, in the order of loading: later ones replace earlier ones.
 *
 * @param directory of the run, with a directory for each stage
 * @throws Error where an earlier stage is not finished
 */
export async function startWeights(
  stage: StageRecipe,
  directory: string,
  start: string | undefined,
): Promise<StartWeights[]> {
  if (stage.kind === "codebook") return [];
  const given = start === undefined ? [] : [{ name: "--start", path: start }];
  const earlier = stage.from.map(({ stage: name, parts }) => {
    return { name, path: join(directory, name, "final"), parts };
  });
  for (const { name, path } of earlier) {
    if (await exists(path)) continue;
    throw new Error(
      `Stage "${stage.name}" starts from stage "${name}", but there is no ${path}. Run stage "${name}" first.`,
    );
  }
  return [...given, ...earlier];
}

/** SHA-256 of all files of weights at each path, by name. */
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
 * Loads weights into the parameters of `state`.
 *
 * @returns whether a codebook is among them
 * @throws Error where none of a source's tensors fit
 */
export async function loadStart(
  sources: readonly StartWeights[],
  state: State,
  config: Pick<FlavaConfig, "image">,
  log: (line: string) => void,
): Promise<boolean> {
  let hasCodebook = false;
  for (const { path, parts } of sources) {
    const checkpoint = await openCheckpoint(path, { heads: config.image.heads });
    const options = { strict: false, ...(parts && { parts }) };
    const { loaded } = await loadWeights(checkpoint, state, options);
    const isCodebook = (weight: string): boolean => weight.startsWith("codebook/");
    if (parts?.includes("codebook") ?? true) {
      hasCodebook ||= [...checkpoint.weights.keys()].some(isCodebook);
    }
    await checkpoint.close();
    if (loaded === 0) throw new Error(`${path} has no weights that this stage can start from.`);
    log(`Starting from ${path}: ${loaded} tensors${parts ? ` of ${parts.join(", ")}` : ""}.`);
  }
  return hasCodebook;
}
