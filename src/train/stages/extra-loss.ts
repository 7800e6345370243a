/** Losses of one's own, added to those of a recipe. */
import type { Values } from "../../backend/values.js";
import { mapTree } from "../../base/tree.js";
import type { Batch, BatchTensors } from "../../data/batch/batch.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import { affine } from "../../graph/ops/affine.js";
import { multiply } from "../../graph/ops/arithmetic.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import type { PretrainingModel } from "../../objective/model.js";
import { type Objectives, lossNames } from "../../objective/objectives.js";

/**
 * A loss that pre-training minimizes besides those of the recipe. It is not part of the recipe: a run that has it
 * continues only with a loss of the same name.
 *
 * @example
 * import { fill, mean, multiply, subtract } from "flava/ops";
 * import type { ExtraLoss } from "flava/train";
 *
 * // Pulls the similarity of each image to its own text toward 1.
 * const closeness: ExtraLoss = {
 *   name: "closeness",
 *   kinds: ["pair"],
 *   weight: 0.1,
 *   loss: ({ objectives }) => {
 *     const { images, texts } = objectives.contrastive!.embeddings; // [B, D] each
 *     const difference = subtract(images, texts);
 *     return mean(multiply(difference, difference));
 *   },
 * };
 */
export interface ExtraLoss {
  /** Its name in the log, such as "distillation". */
  readonly name: string;
  /** The kinds of batches that have it. */
  readonly kinds: readonly Batch["kind"][];
  /** Its weight in the total; default 1. */
  readonly weight?: number;
  /** Shapes of further inputs for a batch of these shapes, all with the batch as the first axis; default: none. */
  readonly inputs?: (batch: Batch<TensorSpec>) => ExtraInputs<TensorSpec>;
  /** Their values for a batch, such as what a teacher makes of it. */
  readonly values?: (batch: CollatedBatch) => ExtraInputs<Values> | Promise<ExtraInputs<Values>>;
  /** The loss, float32 []: a mean over samples, since micro-batches are averaged. */
  readonly loss: (traced: TracedBatch) => Tensor;
}

/** Further inputs of a loss, by name. */
export type ExtraInputs<T> = Readonly<Record<string, T>>;

/** What an extra loss is computed from. */
export interface TracedBatch {
  /** The model as it is traced: sizes, parameters and precision, for functions such as `imageOutputs`. */
  readonly model: PretrainingModel;
  /** The batch, whose kind is one of the loss's. */
  readonly batch: Batch;
  /** The recipe's objectives; what they have computed, such as the contrastive embeddings, costs nothing more. */
  readonly objectives: Objectives;
  /** The further inputs. */
  readonly inputs: ExtraInputs<Tensor>;
}

/** The further inputs of all losses of a batch, by the name of the loss. */
export type InputsByLoss<T> = Readonly<Record<string, ExtraInputs<T>>>;

/** The tensors of a batch, and the further inputs of extra losses. */
export type PretrainingInputs<T> = BatchTensors<T> & {
  /** Further inputs of extra losses. */
  readonly extra?: InputsByLoss<T>;
};

/** @throws Error if two losses have the same name */
export function requireNames(extra: readonly ExtraLoss[]): void {
  const names = [...lossNames, ...extra.map(({ name }) => name)];
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return;
  throw new Error(`There are two losses named "${twice}"; choose another name for yours.`);
}

/** The losses of one kind of batch. */
export function lossesOfBatch(extra: readonly ExtraLoss[], kind: Batch["kind"]): ExtraLoss[] {
  return extra.filter(({ kinds }) => kinds.includes(kind));
}

/** The shapes of their inputs. */
export function extraSpecs(
  losses: readonly ExtraLoss[],
  batch: Batch<TensorSpec>,
): InputsByLoss<TensorSpec> {
  return Object.fromEntries(losses.map(({ name, inputs }) => [name, inputs?.(batch) ?? {}]));
}

/** The values of their inputs. */
export async function extraValues(
  losses: readonly ExtraLoss[],
  batch: CollatedBatch,
): Promise<InputsByLoss<Values>> {
  const found: [string, ExtraInputs<Values>][] = [];
  // One after another: programs of one backend share their memory.
  for (const { name, values } of losses) found.push([name, (await values?.(batch)) ?? {}]);
  return Object.fromEntries(found);
}

/** Extra losses, float32 [] each. */
export interface TracedExtra {
  /** As they are reported, by name. */
  readonly scalars: Readonly<Record<string, Tensor>>;
  /** Multiplied by their weights. */
  readonly terms: readonly Tensor[];
}

/** Those of a part of a batch that has `share` of its samples, float32 []. */
export function scaledExtra({ scalars, terms }: TracedExtra, share: Tensor): TracedExtra {
  const scaled = (loss: Tensor): Tensor => multiply(loss, share);
  return { scalars: mapTree(scalars, scaled), terms: terms.map(scaled) };
}

export function traceExtra(
  losses: readonly ExtraLoss[],
  traced: Omit<TracedBatch, "inputs">,
  inputs: InputsByLoss<Tensor>,
): TracedExtra {
  const scalars: Record<string, Tensor> = {};
  for (const { name, loss } of losses) {
    scalars[name] = loss({ ...traced, inputs: inputs[name] ?? {} });
  }
  const terms = losses.map(({ name, weight = 1 }) => affine(scalars[name]!, weight, 0));
  return { scalars, terms };
}
