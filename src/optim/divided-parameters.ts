/**
 * ZeRO stage 3 (Rajbhandari et al. 2020): each process keeps a range of every large parameter and of its moments. Programs gather a
 * parameter where they read it (see `graph/divided.ts`); a process gets the sums of its ranges of the gradients and updates these.
 */
import { type Partly, leavesOf, mapTree } from "../base/tree.js";
import { heldOf, isDivided } from "../graph/divided.js";
import { add, multiply } from "../graph/ops/arithmetic.js";
import { type Range, blocksOf, rangeOf } from "../graph/ops/block-ranges.js";
import { allReduce, reduceRanges } from "../graph/ops/collective.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { fill } from "../graph/ops/fill.js";
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
import { heldMoments, momentPaths } from "./divided-moments.js";
import { type Division, channels, exchangedByPath, normOfBlocks } from "./division.js";
import { type ParameterRules, ruleFor } from "./rules.js";

/** Which process has what of the parameters. Those with fewer blocks than there are processes stay whole, with their moments. */
export class DividedParameters implements Division {
  readonly ranges: ReadonlyMap<string, Range>;
  /** Of divided parameters, by path. */
  readonly #sizes: ReadonlyMap<string, number>;

  /** @param parameters a tree of specifications; frozen ones are not divided */
  constructor(
    parameters: unknown,
    rules: ParameterRules,
    private readonly world: World,
  ) {
    const large = leavesOf<TensorSpec>(parameters).filter(
      ([path, { size }]) => blocksOf(size) >= world.size && !ruleFor(rules, path).frozen,
    );
    this.#sizes = new Map(large.map(([path, { size }]) => [path, size]));
    const own = large.map(([path, { size }]) => [path, rangeOf(size, world)] as const);
    this.ranges = new Map([
      ...own.map(([path, range]) => [`parameters/${path}`, range] as const),
      ...own.flatMap(([path, range]) =>
        momentPaths(path).map((moment) => [moment, range] as const),
      ),
    ]);
  }

  reduced(gradients: ReadonlyMap<string, Tensor>, channel: number): [string, Tensor][] {
    const { world } = this;
    const ranges = [...gradients].filter(([path]) => this.#sizes.has(path));
    const wholes = [...gradients].filter(([path]) => !this.#sizes.has(path));
    return [
      ...exchangedByPath(wholes, (tensors) => allReduce(tensors, world, channel)),
      ...exchangedByPath(ranges, (tensors) => reduceRanges(tensors, world, channel)),
    ];
  }

  norm(sums: unknown): Tensor {
    const own = leavesOf<Tensor>(sums).flatMap(([path, held]) => this.#squares(path, held));
    return normOfBlocks(concatenate(own, 0), this.world);
  }

  adamW<P>(inputs: AdamWInputs<P, Moments<Tensor>>, options: AdamWOptions = {}): AdamWStep<P> {
    const moments = heldMoments(inputs.moments);
    const gradients = leavesOf<Tensor>(inputs.gradients);
    const parameters = new Map(leavesOf<Tensor>(inputs.parameters));
    const stepOf = (isOfRanges: boolean): AdamWStep<Record<string, Tensor>> => {
      const own = gradients.filter(([path]) => isDivided(parameters.get(path)!) === isOfRanges);
      const held = own.map(([path]) => [path, heldOf(parameters.get(path)!)] as const);
      const parts = { parameters: Object.fromEntries(held), gradients: Object.fromEntries(own) };
      return adamWOfRanges({ ...inputs, moments, ...parts }, options, () => 0);
    };
    const [ranges, wholes] = [stepOf(true), stepOf(false)];
    const [squaredNorm] = allReduce([squared(ranges.updateNorm)], this.world, channels.squaredNorm);
    const updated = { ...ranges.parameters, ...wholes.parameters };
    return {
      parameters: mapTree(inputs.parameters, (_: Tensor, path) => updated[path]) as Partly<
        P,
        Tensor
      >,
      moments: { ...ranges.moments, ...wholes.moments },
      updateNorm: sqrt(add(squaredNorm!, squared(wholes.updateNorm))),
    };
  }

  /** The squares by block of the sum of a gradient, of which those of other processes are 0; the first one has those of whole sums. */
  #squares(path: string, held: Tensor): Tensor[] {
    const { rank } = this.world;
    const whole = this.#sizes.get(path);
    if (whole === undefined && rank !== 0) return zeros(blocksOf(held.size));
    const own = squaresByBlock([held], [{ begin: 0, end: held.size }]);
    if (whole === undefined) return [own];
    const before = blocksOf(rangeOf(whole, this.world).begin);
    return [...zeros(before), own, ...zeros(blocksOf(whole) - before - own.size)];
  }
}

const zeros = (count: number): Tensor[] => (count === 0 ? [] : [fill([count], 0)]);

const squared = (x: Tensor): Tensor => multiply(x, x);
