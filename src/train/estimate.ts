/** What a stage needs, estimated before anything large is allocated. */
import { formatBytes, requireMemory } from "../backend/available-memory.js";
import type { Backend } from "../backend/backend.js";
import { batchesAhead } from "../data/batch/loader.js";
import type { SizedRecipe } from "./sized-recipe.js";
import { type Speed, blockSpeed } from "./run/speed.js";
import type { Stage } from "./stages/stage.js";

/** Memory in bytes, by use. */
export interface MemoryEstimate {
  readonly state: number;
  readonly step: number;
  readonly validation: number;
  /** Batches that are ready or being made, and the threads that make them. */
  readonly loading: number;
}

export interface Estimate {
  readonly memory: MemoryEstimate;
  /** Multiplications and additions of a step. */
  readonly flops: number;
  readonly speed: Speed;
}

/** A thread that makes batches: its code, vocabulary and decoded images. */
const bytesPerWorker = 150e6;

/**
 * @param steps how many there are to train
 * @param workers threads that make batches
 */
export async function estimateStage(
  stage: Pick<Stage, "prepare">,
  steps: number,
  { backend, recipe, workers }: { backend: Backend; recipe: SizedRecipe; workers: number },
): Promise<Estimate> {
  const { memory, flops } = stage.prepare();
  const { batch, ...others } = memory;
  const loading = workers * bytesPerWorker + (batchesAhead(workers) + 1) * batch;
  const { image } = recipe.config;
  const speed = await blockSpeed(backend, image, recipe.precision, steps * flops);
  return { memory: { ...others, loading }, flops, speed };
}

const totalOf = ({ state, step, validation, loading }: MemoryEstimate): number =>
  state + step + validation + loading;

/** As in "2.1 GB: 1.2 GB for the state, ...". */
export function describeMemory(memory: MemoryEstimate): string {
  const { state, step, validation, loading } = memory;
  return (
    `${formatBytes(totalOf(memory))}: ${formatBytes(state)} for the state, ${formatBytes(step)} for the largest step, ` +
    `${formatBytes(validation)} for validation, ${formatBytes(loading)} for making batches`
  );
}

/** @throws OutOfMemoryError if less memory is available */
export function requireEstimated(stage: string, memory: MemoryEstimate): void {
  requireMemory(
    totalOf(memory),
    `Stage "${stage}"`,
    `It would take ${describeMemory(memory)}. Choose smaller batches (--set stages.${stage}.batch=…), split them ` +
      `(stages.${stage}.microBatches), recompute blocks (stages.${stage}.recompute), or take a smaller model.`,
  );
}
