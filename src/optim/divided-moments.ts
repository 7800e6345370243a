/**
 * ZeRO stage 1 (Rajbhandari et al. 2020): each process keeps the moments of a part of the parameters, updates that part, and
 * gets the others updated from the processes that have theirs.
 */
import { leavesOf, mapTree, type Partly } from "../base/tree.js";
import { type World, allGather, allReduce } from "../graph/ops/collective.js";
import { multiply } from "../graph/ops/arithmetic.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { fill } from "../graph/ops/fill.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
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

/** A parameter as numbers in a row: those from `begin` to before `end`. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/** A parameter of a bucket. */
export interface Member {
  readonly path: string;
  readonly spec: TensorSpec;
  /** Where it begins in its bucket. */
  readonly offset: number;
}

/**
 * Parameters that are exchanged together, seen as one row of numbers, which is cut into a slice of `length` numbers for each
 * process; the last ones may be shorter.
 */
export interface Bucket {
  readonly members: readonly Member[];
  readonly length: number;
}

/** Large enough that the messages are few, small enough that the copies of a bucket are little memory. */
const defaultBucketBytes = 2 ** 25;
/** Channels of buckets, after those of gradients. */
const firstChannel = 2 ** 13;

/** Which process has the moments of which parameters. Depends on the shapes and the number of processes alone. */
export class DividedMoments {
  readonly buckets: readonly Bucket[];

  /** @param parameters a tree of specifications; frozen ones have no moments */
  constructor(
    parameters: unknown,
    rules: ParameterRules,
    readonly world: World,
    bucketBytes = defaultBucketBytes,
  ) {
    const buckets: Member[][] = [];
    let size = Infinity;
    for (const [path, leaf] of leavesOf<TensorSpec>(parameters)) {
      if (ruleFor(rules, path).frozen) continue;
      if (4 * size >= bucketBytes) {
        buckets.push([]);
        size = 0;
      }
      buckets.at(-1)!.push({ path, spec: leaf, offset: size });
      size += leaf.size;
    }
    this.buckets = buckets.map((members) => {
      const { offset, spec: last } = members.at(-1)!;
      return { members, length: Math.ceil((offset + last.size) / world.size) };
    });
  }

  /** The moments that this process has. */
  specs(): Moments<TensorSpec> {
    const own = this.buckets.flatMap((bucket) =>
      bucket.members.flatMap((member) => {
        const range = this.rangeOf(bucket, member);
        if (!range) return [];
        const moment = isWhole(member, range) ? spec(member.spec.shape) : spec([sizeOf(range)]);
        return [[member.path, { first: moment, second: moment }] as const];
      }),
    );
    return Object.fromEntries(own);
  }

  /** What this process has of a parameter's moments; undefined if nothing. */
  rangeOf({ length }: Bucket, { offset, spec: { size } }: Member): Range | undefined {
    const begin = Math.max(0, this.world.rank * length - offset);
    const end = Math.min(size, (this.world.rank + 1) * length - offset);
    return begin < end ? { begin, end } : undefined;
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

const sizeOf = ({ begin, end }: Range): number => end - begin;
const isWhole = ({ spec: { size } }: Member, range: Range): boolean => sizeOf(range) === size;
const flat = (x: Tensor): Tensor => reshape(x, [x.size]);

/**
 * `adamW`, in which each process updates what it has the moments of. Values are those of one process, bit for bit, but for the
 * norm of the update, which is rounded otherwise.
 */
export function dividedAdamW<P>(
  inputs: AdamWInputs<P, Moments<Tensor>>,
  divided: DividedMoments,
  options: AdamWOptions = {},
): AdamWStep<P> {
  const { world, buckets } = divided;
  const parameters = new Map(leavesOf<Tensor>(inputs.parameters));
  const gradients = new Map(leavesOf<Tensor>(inputs.gradients));
  const own = (tensors: ReadonlyMap<string, Tensor>): Record<string, Tensor> =>
    Object.fromEntries(
      buckets.flatMap((bucket) =>
        bucket.members.flatMap((member) => {
          const [tensor, range] = [tensors.get(member.path), divided.rangeOf(bucket, member)];
          return tensor && range ? [[member.path, partOf(tensor, member, range)] as const] : [];
        }),
      ),
    );
  const before = own(parameters);
  const step = adamW({ ...inputs, parameters: before, gradients: own(gradients) }, options);
  const updated = new Map<string, Tensor>();
  for (const [index, bucket] of buckets.entries()) {
    const changed = bucket.members.filter(({ path }) => gradients.has(path));
    if (changed.length === 0) continue;
    const parts = bucket.members.flatMap(({ path }) => step.parameters[path] ?? before[path] ?? []);
    const row = allGather(padded(parts, bucket.length), world, firstChannel + index);
    for (const { path, offset, spec: of } of changed) {
      updated.set(path, reshape(slice(row, 0, offset, offset + of.size), of.shape));
    }
  }
  const { updateNorm, moments } = step;
  const [squaredNorm] = allReduce([multiply(updateNorm, updateNorm)], world, firstChannel - 1);
  return {
    parameters: mapTree(inputs.parameters, (_: Tensor, path) => updated.get(path)) as Partly<
      P,
      Tensor
    >,
    moments,
    updateNorm: sqrt(squaredNorm!),
  };
}

/** The whole tensor, or some of its numbers in a row. */
function partOf(tensor: Tensor, member: Member, range: Range): Tensor {
  return isWhole(member, range) ? tensor : slice(flat(tensor), 0, range.begin, range.end);
}

/** Tensors in a row, filled up with zeros. */
function padded(tensors: readonly Tensor[], length: number): Tensor {
  const lacking = length - tensors.reduce((sum, { size }) => sum + size, 0);
  const zeros = lacking > 0 ? [fill([lacking], 0)] : [];
  return concatenate([...tensors.map(flat), ...zeros], 0);
}
