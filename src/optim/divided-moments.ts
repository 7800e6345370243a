/**
 * ZeRO stage 1 (Rajbhandari et al. 2020): each process keeps the moments of a range of every parameter. It gets the sums of that range
 * of the gradients, updates it, and gets the others from the processes that have updated them.
 */
import { type Partly, leavesOf, mapTree } from "../base/tree.js";
import { heldOf } from "../graph/divided.js";
import { multiply } from "../graph/ops/arithmetic.js";
import { type Range, rangeOf } from "../graph/ops/block-ranges.js";
import { sum } from "../graph/ops/broadcast.js";
import { allReduce, gatherBlocks, reduceBlocks } from "../graph/ops/collective.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { reshape } from "../graph/ops/reshape.js";
import { squaresByBlock } from "../graph/ops/update.js";
import type { Tensor, TensorSpec } from "../graph/tensor.js";
import type { World } from "../graph/world.js";
import {
  type AdamWInputs,
  type AdamWOptions,
  type AdamWStep,
  type Moments,
  adamWOfRanges,
} from "./adamw.js";
import { type Division, channels, exchangedByPath, normOfBlocks } from "./division.js";
import { type ParameterRules, ruleFor } from "./rules.js";

/** Bytes of parameters that are exchanged at a time, while the next ones are updated. */
const bucketBytes = 2 ** 23;

/** Which process has the moments of what. Depends on the shapes and the number of processes alone. */
export class DividedMoments implements Division {
  readonly ranges: ReadonlyMap<string, Range>;

  /** @param parameters a tree of specifications; frozen ones have no moments */
  constructor(
    parameters: unknown,
    rules: ParameterRules,
    private readonly world: World,
  ) {
    const trained = leavesOf<TensorSpec>(parameters).filter(
      ([path]) => !ruleFor(rules, path).frozen,
    );
    this.ranges = new Map(
      trained.flatMap(([path, { size }]) =>
        momentPaths(path).map((moment) => [moment, rangeOf(size, world)] as const),
      ),
    );
  }

  reduced(gradients: ReadonlyMap<string, Tensor>, channel: number): [string, Tensor][] {
    return exchangedByPath(gradients, (tensors) => reduceBlocks(tensors, this.world, channel));
  }

  norm(sums: unknown): Tensor {
    const tensors = leavesOf<Tensor>(sums).map(([, gradient]) => gradient);
    const own = squaresByBlock(
      tensors,
      tensors.map((tensor) => this.#rangeOf(tensor)),
    );
    return normOfBlocks(own, this.world);
  }

  adamW<P>(inputs: AdamWInputs<P, Moments<Tensor>>, options: AdamWOptions = {}): AdamWStep<P> {
    const { world } = this;
    const gradients = new Map(leavesOf<Tensor>(inputs.gradients));
    const held = heldMoments(inputs.moments);
    const updated = new Map<string, Tensor>();
    const moments: Record<string, Moments<Tensor>[string]> = {};
    const squaredNorms: Tensor[] = [];
    for (const [index, bucket] of bucketsOf(inputs.parameters, gradients).entries()) {
      const step = adamWOfRanges(
        { ...inputs, moments: held, parameters: bucket, gradients: Object.fromEntries(gradients) },
        options,
        (parameter) => this.#rangeOf(parameter).begin,
      );
      Object.assign(moments, step.moments);
      squaredNorms.push(reshape(multiply(step.updateNorm, step.updateNorm), [1]));
      const paths = Object.keys(bucket);
      const parts = paths.map((path) => step.parameters[path] ?? bucket[path]!);
      const wholes = gatherBlocks(parts, world, channels.updated + index);
      for (const [place, path] of paths.entries()) updated.set(path, wholes[place]!);
    }
    const [squaredNorm] = allReduce(
      [sum(concatenate(squaredNorms, 0))],
      world,
      channels.squaredNorm,
    );
    return {
      parameters: mapTree(inputs.parameters, (_: Tensor, path) => updated.get(path)) as Partly<
        P,
        Tensor
      >,
      moments,
      updateNorm: sqrt(squaredNorm!),
    };
  }

  #rangeOf({ size }: TensorSpec): Range {
    return rangeOf(size, this.world);
  }
}

/** Where the state has the moments of a parameter. */
export const momentPaths = (path: string): string[] => [
  `moments/${path}/first`,
  `moments/${path}/second`,
];

/** What this process has of moments, without those of which it has nothing. */
export function heldMoments(moments: Moments<Tensor>): Moments<Tensor> {
  const held = Object.entries(moments).map(([path, { first, second }]) => {
    return [path, { first: heldOf(first), second: heldOf(second) }] as const;
  });
  return Object.fromEntries(held.filter(([, { first }]) => first.size > 0));
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
