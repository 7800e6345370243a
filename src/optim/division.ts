/** How the state of the optimizer is divided among processes (ZeRO, Rajbhandari et al. 2020). */
import type { Range } from "../graph/ops/block-ranges.js";
import { allReduce } from "../graph/ops/collective.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { sumInOrder } from "../graph/ops/update.js";
import type { Tensor } from "../graph/tensor.js";
import type { World } from "../graph/world.js";
import type { AdamWInputs, AdamWOptions, AdamWStep, Moments } from "./adamw.js";

/**
 * How the state of the optimizer is divided among processes, made by `divisionOf` for `optimizerStep`. Results are those of
 * one process, bit for bit, but for the norm of the update, which is rounded otherwise.
 */
export interface Division {
  /** What this process has of the tensors that are divided, by their paths in the state. */
  readonly ranges: ReadonlyMap<string, Range>;

  /**
   * Sums of gradients over all processes, each of which gets what it needs of them for the other calls.
   *
   * @param gradients of one dtype, by the path of the parameter, which are exchanged together
   * @internal
   */
  reduced(
    gradients: ReadonlyMap<string, Tensor>,
    channel: number,
  ): readonly (readonly [path: string, sum: Tensor])[];

  /**
   * The Euclidean norm of all gradients together: float32 [].
   *
   * @param sums of all gradients, by path, in the order of the parameters
   * @internal
   */
  norm(sums: unknown): Tensor;

  /**
   * One step of `adamW`, in which each process updates what it has. Gradients are sums that `reduced` gave.
   * @internal
   */
  adamW<P>(inputs: AdamWInputs<P, Moments<Tensor>>, options?: AdamWOptions): AdamWStep<P>;
}

/**
 * Tensors by path, exchanged together.
 *
 * @param exchange what each becomes, in their order; not called if there are none
 */
export function exchangedByPath(
  tensors: Iterable<readonly [path: string, tensor: Tensor]>,
  exchange: (tensors: readonly Tensor[]) => readonly Tensor[],
): [path: string, exchanged: Tensor][] {
  const entries = [...tensors];
  if (entries.length === 0) return [];
  const exchanged = exchange(entries.map(([, tensor]) => tensor));
  return entries.map(([path], index) => [path, exchanged[index]!]);
}

/**
 * The Euclidean norm of tensors whose squares are divided by blocks: float32 [].
 *
 * @param squares by block, of which each is that of one process; the others have zeros there
 */
export function normOfBlocks(squares: Tensor, world: World): Tensor {
  const [all] = allReduce([squares], world, channels.squares);
  return sqrt(sumInOrder(all!));
}

/** The channels of what divisions exchange themselves, after those of gradients and of divided state. */
export const channels = {
  updated: 2 ** 13,
  squares: 2 ** 13 - 2,
  squaredNorm: 2 ** 13 - 1,
} as const;
