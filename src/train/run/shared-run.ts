/** How the processes of a run share its batches. */
import type { Communicator } from "../../backend/communicator.js";
import type { Recipe, StageRecipe } from "../../configs/recipe.js";
import { RecipeError } from "../../configs/recipe.js";
import { batchKinds } from "../../data/batch/mixture.js";
import type { ShardsOptions } from "../../data/batch/shards.js";
import { type SkippedSamples, skipReasons } from "../../data/batch/skipped.js";

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
 * The recipe with its number of shards: its own, or else that with which the run was started, or the number of processes.
 *
 * @param started the number of shards with which the run was started, if it was
 * @throws RecipeError if the processes cannot share them, or batches have no such shards
 */
export function withShards<R extends Recipe>(
  recipe: R,
  started: number | undefined,
  processes: Communicator | undefined,
): R {
  const { size = 1 } = processes ?? {};
  const shards = recipe.shards ?? started ?? size;
  if (shards === 1) return recipe; // as in runs before there were shards
  requireShared(shards, size);
  for (const stage of recipe.stages) requireShards(stage, shards);
  return { ...recipe, shards };
}

/** @throws RecipeError if batches of the stage have no such shards */
function requireShards(stage: StageRecipe, shards: number): void {
  const { name } = stage;
  const microBatches = stage.kind === "codebook" ? 1 : stage.microBatches;
  const parts = shards * microBatches;
  const batches =
    stage.kind === "codebook"
      ? [["batch", stage.batch] as const]
      : batchKinds
          .filter((kind) => stage.shares[kind] > 0)
          .map((kind) => [`batch.${kind}`, stage.batch[kind]] as const);
  for (const [setting, samples] of batches) {
    if (samples % parts === 0) continue;
    throw new RecipeError(
      `stages.${name}.${setting}: ${samples} samples cannot be split into ${shards} shards` +
        `${microBatches > 1 ? ` of ${microBatches} equal micro-batches` : ""}; choose a multiple of ${parts}, or set "shards" ` +
        "to a divisor (--set shards=…).",
    );
  }
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
    `The batches of this run have ${shards} shards, which ${size} processes cannot share with the same results; start ` +
      `${possible.join(", ")} of them, or a new run (--out) with another number of shards (--set shards=…).`,
  );
}
