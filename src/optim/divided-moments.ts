/**
 * ZeRO stage 1 (Rajbhandari et al. 2020): each process keeps the moments of a range of every parameter. It gets the sums of that range
 * of the gradients, updates it, and gets the others from the processes that have updated them.
 */
import { type Partly, leavesOf, mapTree } from "../base/tree.js";
import { multiply } from "../graph/ops/arithmetic.js";
import { type Range, rangeOf } from "../graph/ops/block-ranges.js";
import { sum } from "../graph/ops/broadcast.js";
import { allReduce, gatherBlocks } from "../graph/ops/collective.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { reshape } from "../graph/ops/reshape.js";
import { squaresByBlock, sumInOrder } from "../graph/ops/update.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import type { World } from "../graph/world.js";
import {
  type AdamWInputs,
  type AdamWOptions,
  type AdamWStep,
  type Moments,
  adamW,
} from "./adamw.js";
import { type ParameterRules, ruleFor } from "./rules.js";

/** What of the optimizer is divided among processes: nothing, or its moments. */
export type ZeroStage = 0 | 1;

/** Bytes of parameters that are exchanged at a time, while the next ones are updated. */
const bucketBytes = 2 ** 23;
/** Channels of parameters, after those of gradients. */
const firstChannel = 2 ** 13;

/** Which process has the moments of what. Depends on the shapes and the number of processes alone. */
export class DividedMoments {
  /** Parameters that have moments, by path. */
  readonly parameters: ReadonlyMap<string, TensorSpec>;

  /** @param parameters a tree of specifications; frozen ones have no moments */
  constructor(
    parameters: unknown,
    rules: ParameterRules,
    readonly world: World,
  ) {
    const leaves = leavesOf<TensorSpec>(parameters);
    this.parameters = new Map(leaves.filter(([path]) => !ruleFor(rules, path).frozen));
  }

  /** What this process, or that of another rank, has of a parameter's moments; empty if nothing. */
  rangeOf({ size }: TensorSpec, rank = this.world.rank): Range {
    return rangeOf(size, { ...this.world, rank });
  }

  /** The moments that this process has. */
  specs(): Moments<TensorSpec> {
    const own = [...this.parameters].flatMap(([path, parameter]) => {
      const { begin, end } = this.rangeOf(parameter);
      if (begin === end) return [];
      const isWhole = end - begin === parameter.size;
      const moment = isWhole ? spec(parameter.shape) : spec([end - begin]);
      return [[path, { first: moment, second: moment }] as const];
    });
    return Object.fromEntries(own);
  }
}

/** The division for a ZeRO stage; undefined if nothing is divided. */
export function divisionOf(
  zero: ZeroStage,
  processes: World | undefined,
  parameters: unknown,
  rules: ParameterRules = [],
): DividedMoments | undefined {
  return processes && zero === 1 ? new DividedMoments(parameters, rules, processes) : undefined;
}

/**
 * The Euclidean norm of gradients of which each process has the sums of its range: that of one process, bit for bit. float32 [].
 */
export function dividedNorm(gradients: unknown, { world }: DividedMoments): Tensor {
  const tensors = leavesOf<Tensor>(gradients).map(([, gradient]) => gradient);
  const own = squaresByBlock(
    tensors,
    tensors.map(({ size }) => rangeOf(size, world)),
  );
  // Each block is that of one process, to which the others add zeros.
  const [all] = allReduce([own], world, firstChannel - 2);
  return sqrt(sumInOrder(all!));
}

/**
 * `adamW`, in which each process updates what it has the moments of. Values are those of one process, bit for bit, but for the
 * norm of the update, which is rounded otherwise.
 */
export function dividedAdamW<P>(
  inputs: AdamWInputs<P, Moments<Tensor>>,
  divided: DividedMoments,
  options: AdamWOptions = {},
): AdamWStep<P> {
  const { world } = divided;
  const gradients = new Map(leavesOf<Tensor>(inputs.gradients));
  const updated = new Map<string, Tensor>();
  const moments: Record<string, Moments<Tensor>[string]> = {};
  const squaredNorms: Tensor[] = [];
  for (const [index, bucket] of bucketsOf(inputs.parameters, gradients).entries()) {
    const step = adamW(
      { ...inputs, parameters: bucket },
      options,
      (parameter) => divided.rangeOf(parameter).begin,
    );
    Object.assign(moments, step.moments);
    squaredNorms.push(reshape(multiply(step.updateNorm, step.updateNorm), [1]));
    const paths = Object.keys(bucket);
    const parts = paths.map((path) => step.parameters[path] ?? bucket[path]!);
    const wholes = gatherBlocks(parts, world, firstChannel + index);
    for (const [place, path] of paths.entries()) updated.set(path, wholes[place]!);
  }
  const [squaredNorm] = allReduce([sum(concatenate(squaredNorms, 0))], world, firstChannel - 1);
  return {
    parameters: mapTree(inputs.parameters, (_: Tensor, path) => updated.get(path)) as Partly<
      P,
      Tensor
    >,
    moments,
    updateNorm: sqrt(squaredNorm!),
  };
}

/** The parameters that have a gradient, in portions that are updated and exchanged together. */
function bucketsOf(
  parameters: unknown,
  gradients: ReadonlyMap<string, Tensor>,
): Record<string, Tensor>[] {
  const buckets: Record<string, Tensor>[] = [];
  let room = 0;
  for (const [path, parameter] of leavesOf<Tensor>(parameters)) {
    if (!gradients.has(path)) continue;
    if (room <= 0) {
      buckets.push({});
      room = bucketBytes;
    }
    buckets.at(-1)![path] = parameter;
    room -= parameter.bytes;
  }
  return buckets;
}
