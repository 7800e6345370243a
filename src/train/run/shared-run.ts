/** How the processes of a run share its batches. */
import { counted } from "../../base/counted.js";
import type { Communicator } from "../../backend/communicator.js";
import type { Recipe, StageRecipe } from "../../configs/recipe.js";
import { RecipeError } from "../../configs/recipe.js";
import { batchKinds } from "../../data/batch/mixture.js";
import type { ShardsOptions } from "../../data/batch/shards.js";
import { type SkippedSamples, skipReasons } from "../../data/batch/skipped.js";
import type { PartCounts } from "../step/tree-sum.js";

/** The shards of batches that this process computes. */
export function shardsOf(
  { shards = 1 }: Pick<Recipe, "shards">,
  processes: Communicator | undefined,
): ShardsOptions {
  const { size = 1, rank = 0 } = processes ?? {};
  const own = shards / size;
  return { count: shards, first: rank * own, end: (rank + 1) * own };
}

/**
 * The number of shards of a run: that of its recipe, or else that with which it was started, or the number of processes.
 *
 * @param started the number of shards with which the run was started, if it was
 * @throws RecipeError if the processes cannot share them
 */
export function shardCount(
  { shards }: Pick<Recipe, "shards">,
  started: number | undefined,
  processes: Communicator | undefined,
): number {
  const { size = 1 } = processes ?? {};
  const count = shards ?? started ?? size;
  requireShared(count, size);
  return count;
}

/**
 * The recipe with its number of shards.
 *
 * @param started the number of shards with which the run was started, if it was
 * @throws RecipeError if the processes cannot share them, or batches have no such shards
 */
export function withShards<R extends Recipe>(
  recipe: R,
  started: number | undefined,
  processes: Communicator | undefined,
): R {
  const shards = shardCount(recipe, started, processes);
  if (shards === 1) return recipe; // as in runs before there were shards
  for (const stage of recipe.stages) requireShards(stage, shards);
  return { ...recipe, shards };
}

/** @throws RecipeError if batches of the stage have no such shards */
function requireShards(stage: StageRecipe, shards: number): void {
  const path = `stages.${stage.name}.batch`;
  if (stage.kind === "codebook") {
    requireSplit(path, stage.batch, { shards });
    return;
  }
  const { batch, shares, microBatches } = stage;
  for (const kind of batchKinds) {
    if (shares[kind] > 0) requireSplit(`${path}.${kind}`, batch[kind], { shards, microBatches });
  }
}

/**
 * @param setting the path of the batch in the recipe
 * @throws RecipeError if a batch of so many samples has no such parts
 */
export function requireSplit(
  setting: string,
  samples: number,
  { shards = 1, microBatches = 1 }: PartCounts,
): void {
  const parts = shards * microBatches;
  if (samples % parts === 0) return;
  throw new RecipeError(
    `${setting}: ${counted(samples, "sample")} cannot be split into ${counted(shards, "shard")}` +
      `${microBatches > 1 ? ` of ${microBatches} equal micro-batches` : ""}; choose a multiple of ${parts}, or set "shards" ` +
      "to a divisor (--set shards=…).",
  );
}

/** The samples that were left out in the shards of all processes; of those of others only how many, and why. */
export async function skippedByAll(
  processes: Communicator | undefined,
  own: SkippedSamples,
): Promise<SkippedSamples> {
  if (!processes) return own;
  const counts = Float64Array.from(skipReasons, (reason) => own.counts.get(reason) ?? 0);
  const all = await processes.gather(0, counts);
  for (const [rank, others] of all.entries()) {
    if (rank === processes.rank) continue;
    const found = skipReasons.map((reason, index) => [reason, others[index]!] as const);
    own.addAll({ counts: new Map(found.filter(([, count]) => count > 0)), first: [] });
  }
  return own;
}

/** Sums are the same on any number of processes if each has an aligned group of shards, so that it adds a whole subtree. */
function requireShared(shards: number, size: number): void {
  const own = shards / size;
  if (size === 1 || (Number.isInteger(own) && Number.isInteger(Math.log2(own)))) return;
  const possible = Array.from({ length: shards }, (_, index) => index + 1).filter(
    (count) => count === 1 || Number.isInteger(Math.log2(shards / count)),
  );
  throw new RecipeError(
    `The batches of this run have ${counted(shards, "shard")}, which ${size} processes cannot share with the same results; start ` +
      `${possible.join(", ")} of them, or a new run (--out) with another number of shards (--set shards=…).`,
  );
}
