/** Training on a few samples, to see whether a model can memorize them. */
import { counted } from "../base/counted.js";
import type { Recipe, StageRecipe } from "../configs/recipe.js";
import { Mixture, type MixtureOptions, perKind } from "../data/batch/mixture.js";
import type { LogEntry } from "./run/log.js";
import type { Baselines } from "./stages/stage.js";

/**
 * The recipe with batches of at most `samples` samples, since a batch that holds a pair twice has a contrastive loss that
 * cannot reach 0.
 */
export function cappedBatches<R extends Recipe>(recipe: R, samples: number): R {
  const [first, ...others] = recipe.stages.map((stage): StageRecipe => {
    if (stage.kind === "codebook") return { ...stage, batch: Math.min(stage.batch, samples) };
    const { microBatches } = stage;
    const most = Math.max(1, Math.floor(samples / microBatches)) * microBatches;
    return { ...stage, batch: perKind((kind) => Math.min(stage.batch[kind], most)) };
  });
  return { ...recipe, stages: [first!, ...others] };
}

/** Batches that the floor is a mean over. */
const examinedBatches = 200;

/**
 * The least contrastive loss of a mixture: 0 if every pair is in a batch once; pairs that are in it several times cannot
 * be told apart.
 */
export function contrastiveFloor(options: MixtureOptions): number {
  const mixture = new Mixture({ ...options, shares: { pair: 1, image: 0, text: 0 } });
  let [sum, rows] = [0, 0];
  for (let batch = 0; batch < examinedBatches; batch++) {
    const own = mixture.next().samples.filter(({ textOf }) => !textOf);
    const counts = new Map<string, number>();
    const keys = own.map(({ set, record }) => `${set}/${record}`);
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const key of keys) sum += Math.log(counts.get(key)!);
    rows += keys.length;
  }
  return rows === 0 ? 0 : sum / rows;
}

/** A log line on what is to be memorized. */
export function overfitTask(samples: number, mixture: MixtureOptions): string {
  const task = `Memorizing ${counted(samples, "sample")} of each data set, in batches of at most as many.`;
  if (mixture.shares.pair === 0) return task;
  return `${task} The contrastive loss can fall to ${contrastiveFloor(mixture).toFixed(3)}.`;
}

/** A loss counts as memorized within this share of the way from its floor to its baseline. */
const tolerance = 0.1;

/** Lines that give for each loss of a finished stage its baseline, its floor and what was reached; and a verdict. */
export function overfitVerdict(
  { name: stage, losses }: { readonly name: string } & Pick<Baselines, "losses">,
  log: readonly LogEntry[],
  floorOf: (loss: string) => number,
): string[] {
  const training = log.filter(({ kind }) => kind === "training");
  const found = Object.entries(losses).flatMap(([name, baseline]) => {
    const reached = training.findLast(({ scalars }) => name in scalars)?.scalars[name];
    if (baseline === null || reached === undefined) return [];
    const floor = floorOf(name);
    const isMemorized = reached <= floor + tolerance * (baseline - floor);
    return [{ name, baseline, floor, reached, isMemorized }];
  });
  if (found.length === 0) return [`Stage "${stage}" has no loss with a known floor: no verdict.`];
  const rows = found.map(({ name, baseline, floor, reached, isMemorized }) => {
    const values = [baseline, floor, reached].map((value) => value.toFixed(3).padStart(10));
    return `${name.padEnd(14)}${values.join("")}  ${isMemorized ? "memorized" : "not memorized"}`;
  });
  const left = found.filter(({ isMemorized }) => !isMemorized).map(({ name }) => name);
  const verdict =
    left.length === 0
      ? "All losses are memorized: data, losses and gradients work together."
      : `Not memorized: ${left.join(", ")}. Give the stage more steps (--set stages.${stage}.steps=…, with --allow-changes) ` +
        "before you look for a fault in the data or the losses.";
  return [
    `${"loss".padEnd(14)}${["baseline", "floor", "reached"].map((text) => text.padStart(10)).join("")}`,
    ...rows,
    verdict,
  ];
}
