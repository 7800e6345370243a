/** What training takes of each of several processes, planned without data and without allocating anything. */
import type { Backend } from "../backend/backend.js";
import { formatBytes } from "../backend/available-memory.js";
import type { State } from "../backend/state.js";
import type { Communicator } from "../backend/communicator.js";
import type { Recipe } from "../configs/recipe.js";
import { specialPieces, vocabularyOf } from "../data/text/vocabulary.js";
import { bytesPerElement } from "../graph/tensor.js";
import type { ZeroStage } from "../optim/zero.js";
import { openStage } from "./open-stage.js";
import { RunDirectory } from "./run/run-directory.js";
import { withShards } from "./run/shared-run.js";
import { sizedRecipe } from "./sized-recipe.js";
import { preparationFor } from "./stage-data.js";
import { bucketBytes, roomForReceived } from "./step/reduced-gradients.js";

/** Bytes of one process, by use. */
export interface ProcessMemory {
  readonly stage: string;
  readonly zero: ZeroStage;
  readonly weights: number;
  readonly moments: number;
  /** Of parts of a step that the process computes one after another. */
  readonly gradientSums: number;
  /** Activations, gradients and packed weights of the largest step. */
  readonly step: number;
  /** What is received of the gradients of others at a time. */
  readonly exchange: number;
  readonly total: number;
}

/**
 * The memory of each of `size` processes that share the stages of a recipe, for each ZeRO stage. Besides it,
 * a process has its code, validation data, and threads that make batches.
 */
export async function processMemory(
  recipe: Recipe,
  size: number,
  backend: Backend,
): Promise<ProcessMemory[]> {
  const processes: Communicator = {
    ...{ rank: size - 1, size }, // which has most of what is divided
    hosts: Array.from({ length: size }, () => ""),
    gather: () => Promise.reject(new Error("Nothing is exchanged while memory is planned.")),
  };
  const communicator = size > 1 ? processes : undefined;
  const { data } = recipe;
  const validation = { ...data.validation, pairs: [], texts: [] };
  const sized = await sizedRecipe({ ...recipe, data: { ...data, validation } });
  const shared = withShards(sized, undefined, communicator);
  const options = {
    ...{ backend: { ...backend, communicator }, recipe: shared, start: [], extra: [] },
    // The smallest that there is: no text is read.
    vocabulary: vocabularyOf(Object.values(specialPieces), "The vocabulary"),
    preparation: preparationFor({ log: () => undefined }),
  };
  const memories: ProcessMemory[] = [];
  for (const stage of shared.stages) {
    let exchange = 0;
    for (const zero of communicator ? ([0, 1, 3] as const) : ([0] as const)) {
      const run = new RunDirectory(stage.name, false);
      const opened = await openStage(stage, { ...options, run, zero });
      const { step } = opened.prepare().memory;
      const { parameters = 0, average = 0, moments = 0, accumulated = 0 } = opened.state.bytes;
      if (zero === 0) exchange = receivedAtOnce(opened.state, shared, size);
      await opened.dispose();
      const weights = parameters + average;
      memories.push({
        ...{ stage: stage.name, zero, weights, moments, gradientSums: accumulated, step, exchange },
        total: weights + moments + accumulated + step + exchange,
      });
    }
  }
  return memories;
}

/**
 * Each process adds up its part of every gradient, of which it gets the versions of all others: in buckets, as many at a time as
 * there is room for.
 */
function receivedAtOnce(
  state: State,
  { gradientSums = "float32" }: Pick<Recipe, "gradientSums">,
  size: number,
): number {
  const gradients = state.paths
    .filter((path) => /^moments\/.*\/first$/.test(path))
    .map((path) => state.spec(path).size * bytesPerElement[gradientSums]);
  const all = gradients.reduce((sum, bytes) => sum + bytes, 0);
  const largestBucket = bucketBytes + Math.max(0, ...gradients);
  const share = (size - 1) / size;
  return Math.min(share * all, Math.max(roomForReceived, share * largestBucket));
}

const uses = {
  weights: "weights",
  moments: "moments of AdamW",
  gradientSums: "sums of gradients",
  step: "largest step: activations, gradients, packed weights",
  exchange: "gradients of other processes, at most",
  total: "total",
} as const;

/** A table for each stage. What takes no memory is left out. */
export function describeProcessMemory(memories: readonly ProcessMemory[]): string {
  const row = (label: string, cells: readonly string[]): string =>
    [`  ${label.padEnd(52)}`, ...cells.map((cell) => cell.padStart(10))].join("  ").trimEnd();
  const stages = [...new Set(memories.map(({ stage }) => stage))];
  const tables = stages.map((stage) => {
    const columns = memories.filter((each) => each.stage === stage);
    const headings = columns.length > 1 ? columns.map(({ zero }) => `ZeRO ${zero}`) : [];
    const rows = Object.entries(uses).flatMap(([use, label]) => {
      const bytes = columns.map((memory) => memory[use as keyof typeof uses]);
      return bytes.some((each) => each > 0) ? [row(label, bytes.map(formatBytes))] : [];
    });
    return [row(`stage "${stage}"`, headings), ...rows].join("\n");
  });
  return tables.join("\n\n");
}
