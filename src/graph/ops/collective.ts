/**
 * Operations in which all processes of a run take part. Each is two nodes: one starts it, the other waits for its result,
 * so that it goes on while the process computes something else (see `schedule`).
 *
 * The operations of one channel are started in the same order by all processes; those of several channels need not be.
 */
import {
  type Op,
  type ReferenceTensor,
  type Shape,
  type Tensor,
  TensorSpec,
  sizeOf,
  spec,
} from "../tensor.js";
import { applyAll, shapeError } from "../trace.js";
import type { World } from "../world.js";
import { isFloat } from "./require.js";
import { rangeOf } from "./block-ranges.js";
import { slice } from "./slice.js";

type StartAttributes = {
  /**
   * What happens to the tensors, seen as one row of numbers that is cut into a slice for each process: "reduce" gives
   * each process the sum of all versions of its slice, "gather" gives all processes the slice of each. The others do the same
   * with a range of each tensor (`rangeOf`), in place.
   */
  parts: "reduce" | "gather" | "reduceAndGather" | "reduceBlocks" | "gatherBlocks";
  channel: number;
  size: number;
  rank: number;
  /** Where the numbers of each input begin in those of its result. */
  begins: readonly number[];
  /** The shape of the one result of which the input is this process's range; default: results have the inputs' shapes. */
  whole?: Shape;
};

/** Results: a ticket, int32 [], and the tensors, which must not be read before they were waited for. */
const startOp: Op<StartAttributes> = {
  name: "collectiveStart",
  infer(inputs, { parts, size, whole }) {
    const given = inputs.map(({ shape: [n, ...rest], dtype }) => {
      const isOfOneDtype = isFloat(dtype) && dtype === inputs[0]!.dtype;
      if (!isOfOneDtype || (n === undefined && (parts === "reduce" || parts === "gather"))) {
        const expected = "float32 or bfloat16 and, but for sums, an axis";
        throw shapeError("a collective operation", inputs, expected);
      }
      if (n === undefined) return spec([], dtype);
      if (whole) return spec(whole, dtype);
      return new TensorSpec([parts === "gather" ? n * size : n, ...rest], dtype);
    });
    return [spec([], "int32"), ...given];
  },
  schema: {
    parts: ["reduce", "gather", "reduceAndGather", "reduceBlocks", "gatherBlocks"],
    channel: "number",
    begins: "numbers",
  },
  inPlace: ({ parts, whole }, inputs) =>
    parts === "gather" || whole ? [] : inputs.map((_, index) => [index + 1, index] as const),
  // The gradient of the sum of all processes' losses, each of which depends on x through its own copy of the result.
  gradient({ attributes }, [, ...slopes]) {
    const { parts, channel, size, rank } = attributes;
    const world = { size, rank };
    return slopes.map((dy) => {
      if (!dy) return undefined;
      if (parts === "gather") return reduceScatter(dy, world, channel);
      if (parts === "reduce") return allGather(ownRows(dy, world), world, channel);
      return allReduce([dy], world, channel)[0];
    });
  },
  reference() {
    throw new Error("Only a backend with a communicator can exchange values with other processes.");
  },
  async collective({ inputs, outputs: [ticket, ...results], attributes }, gather) {
    const { parts, channel, size, begins, whole } = attributes;
    ticket!.data[0] = channel;
    const own = whole ? placedIn(sizeOf(whole), inputs[0]!, begins[0]!) : joined(inputs);
    const all = await gather(channel, own);
    const rows =
      parts === "gather"
        ? concatenated(all)
        : parts === "gatherBlocks"
          ? rangesOf(all, results, size)
          : treeSum(all);
    let offset = 0;
    for (const { data } of results) {
      data.set(rows.subarray(offset, offset + data.length));
      offset += data.length;
    }
  },
};

type WaitAttributes = {
  /** Where the numbers of each result begin in those of its input. */
  begins: readonly number[];
  /** How many numbers each result has, if it is a range; default: results have the inputs' shapes. */
  lengths?: readonly number[];
};

/** Inputs: the results of `collectiveStart`; results: its tensors, or a range of each. */
const waitOp: Op<WaitAttributes> = {
  name: "collectiveWait",
  awaits: true,
  infer: ([, ...tensors], { lengths }) =>
    tensors.map((tensor, index) => (lengths ? spec([lengths[index]!], tensor.dtype) : tensor)),
  schema: { begins: "numbers" },
  inPlace: ({ lengths }, inputs) =>
    lengths ? [] : inputs.slice(1).map((_, index) => [index, index + 1] as const),
  gradient: (_call, slopes) => [undefined, ...slopes],
  reference({ inputs: [, ...tensors], outputs, attributes: { begins } }) {
    for (const [index, { data }] of outputs.entries()) {
      const begin = begins[index]!;
      data.set(tensors[index]!.data.subarray(begin, begin + data.length));
    }
  },
};

/** Zeros with the numbers of a tensor from `begin` on. */
function placedIn(size: number, { data }: ReferenceTensor, begin: number): Float64Array {
  const whole = new Float64Array(size);
  whole.set(data, begin);
  return whole;
}

function joined(tensors: readonly ReferenceTensor[]): Float64Array {
  return concatenated(tensors.map(({ data }) => Float64Array.from(data)));
}

function concatenated(rows: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(rows.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const row of rows) {
    whole.set(row, offset);
    offset += row.length;
  }
  return whole;
}

/** Tensors in a row, of which each process has a range. */
function rangesOf(
  all: readonly Float64Array[],
  tensors: readonly ReferenceTensor[],
  size: number,
): Float64Array {
  const row = Float64Array.from(all[0]!);
  let offset = 0;
  for (const { data } of tensors) {
    for (const [rank, values] of all.entries()) {
      const { begin, end } = rangeOf(data.length, { size, rank });
      row.set(values.subarray(offset + begin, offset + end), offset + begin);
    }
    offset += data.length;
  }
  return row;
}

/**
 * The sum of rows in the order of a binary tree: the largest power of two below their number on its left, the rest on its
 * right, and so on. Sums over aligned groups of equal size, added in this way, give the same bits.
 */
function treeSum(rows: readonly Float64Array[]): Float64Array {
  const [first] = rows;
  if (rows.length < 2) return first ?? new Float64Array();
  let middle = 1;
  while (2 * middle < rows.length) middle *= 2;
  const right = treeSum(rows.slice(middle));
  return treeSum(rows.slice(0, middle)).map((value, index) => value + right[index]!);
}

/** The same, in the place of state. */
const updateStartOp: Op<StartAttributes> = { ...startOp, update: true };
const updateWaitOp: Op<WaitAttributes> = { ...waitOp, update: true };

/** The same, scheduled shortly before the result is read. */
const lateStartOp: Op<StartAttributes> = { ...startOp, late: true };
const lateWaitOp: Op<WaitAttributes> = { ...waitOp, late: true };

function exchanged(
  tensors: readonly Tensor[],
  attributes: Omit<StartAttributes, "begins">,
  [start, wait] = [startOp, waitOp],
): readonly Tensor[] {
  const { parts, rank } = attributes;
  const begins = tensors.map(({ size }) => (parts === "gather" ? rank * size : 0));
  const started = applyAll(start, tensors, { ...attributes, begins });
  return applyAll(wait, started, { begins: tensors.map(() => 0) });
}

function ownRows(x: Tensor, { size, rank }: World): Tensor {
  const n = x.shape[0]! / size;
  return slice(x, 0, rank * n, (rank + 1) * n);
}

/**
 * The sums over all processes of tensors of any shapes and one dtype, float32 or bfloat16, in one operation. Sums of bfloat16 are
 * rounded wherever two are added.
 */
export function allReduce(
  tensors: readonly Tensor[],
  { size, rank }: World,
  channel: number,
): readonly Tensor[] {
  if (size === 1) return tensors;
  return exchanged(tensors, { parts: "reduceAndGather", channel, size, rank });
}

/** The x, float32 or bfloat16 [n, ...], of all processes, one after the other in the order of their ranks: [n * size, ...]. */
export function allGather(x: Tensor, { size, rank }: World, channel: number): Tensor {
  return size === 1 ? x : exchanged([x], { parts: "gather", channel, size, rank })[0]!;
}

/** The rows of this process of the sum over all processes: float32 or bfloat16 [n * size, ...] -> [n, ...]. */
export function reduceScatter(x: Tensor, { size, rank }: World, channel: number): Tensor {
  if (size === 1) return x;
  const [n = 0] = x.shape;
  if (n % size !== 0) throw shapeError("reduceScatter", [x], `a multiple of ${size} rows`);
  const [summed] = exchanged([x], { parts: "reduce", channel, size, rank });
  return ownRows(summed!, { size, rank });
}

/**
 * The sums over all processes of tensors of any shapes and one dtype, of which each process gets its range (see `rangeOf`). The other
 * numbers of the results must not be read.
 */
export function reduceBlocks(
  tensors: readonly Tensor[],
  { size, rank }: World,
  channel: number,
): readonly Tensor[] {
  if (size === 1) return tensors;
  return exchanged(tensors, { parts: "reduceBlocks", channel, size, rank });
}

/** The same sums, of which each result is this process's range alone: [n] each. The tensors' memory is free once they are added. */
export function reduceRanges(
  tensors: readonly Tensor[],
  { size, rank }: World,
  channel: number,
): readonly Tensor[] {
  const ranges = tensors.map((tensor) => rangeOf(tensor.size, { size, rank }));
  const attributes = { parts: "reduceBlocks", channel, size, rank } as const;
  const started = applyAll(startOp, tensors, { ...attributes, begins: tensors.map(() => 0) });
  return applyAll(waitOp, started, {
    begins: ranges.map(({ begin }) => begin),
    lengths: ranges.map(({ begin, end }) => end - begin),
  });
}

/** State of which each process has updated its range: the whole, in the same place. */
export function gatherBlocks(
  tensors: readonly Tensor[],
  { size, rank }: World,
  channel: number,
): readonly Tensor[] {
  if (size === 1) return tensors;
  const attributes = { parts: "gatherBlocks", channel, size, rank } as const;
  return exchanged(tensors, attributes, [updateStartOp, updateWaitOp]);
}

/** The tensor of shape `whole` of which each process has its range, float32 or bfloat16 [n]; gathered when it is needed. */
export function gatherRange(
  range: Tensor,
  whole: Shape,
  { size, rank }: World,
  channel: number,
): Tensor {
  const { begin } = rangeOf(sizeOf(whole), { size, rank });
  const attributes = {
    parts: "gatherBlocks",
    channel,
    size,
    rank,
    whole,
    begins: [begin],
  } as const;
  return applyAll(lateWaitOp, applyAll(lateStartOp, [range], attributes), { begins: [0] })[0]!;
}
