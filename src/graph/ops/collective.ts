/** Collective operations across the processes of a run. They split the program and are performed by the host. */
import { type Op, type Tensor, TensorSpec } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { slice } from "./slice.js";

/** The processes of a run, and the rank of this one. */
export type World = {
  /** Number of processes. */
  size: number;
  /** The rank of this process, from 0. */
  rank: number;
};

function hostOnly(name: string): () => never {
  return () => {
    throw new Error(`${name} is performed by the host, between two parts of the program.`);
  };
}

const allReduceOp: Op<World> = {
  name: "allReduce",
  collective: "allReduce",
  infer: ([x]) => [x!],
  // Every process's loss depends on x through its own copy of the sum.
  gradient: ({ attributes: world }, [dy]) => [dy && allReduce(dy, world)],
  inPlace: () => [[0, 0]],
  reference: hostOnly("allReduce"),
};

const allGatherOp: Op<World> = {
  name: "allGather",
  collective: "allGather",
  infer([x], { size }) {
    const [n, ...rest] = x!.shape;
    if (n === undefined) throw shapeError("allGather", [x!], "at least one axis");
    return [new TensorSpec([n * size, ...rest], x!.dtype)];
  },
  gradient({ inputs: [x], attributes: world }, [dy]) {
    const n = x!.shape[0]!;
    const start = world.rank * n;
    return [dy && slice(allReduce(dy, world), 0, start, start + n)];
  },
  reference: hostOnly("allGather"),
};

/** The sum of x over all processes, on each of them. */
export function allReduce(x: Tensor, { size, rank }: World): Tensor {
  return size === 1 ? x : apply(allReduceOp, [x], { size, rank });
}

/**
 * The x [n, ...] of all processes, one after the other in the order of their ranks: [n * size, ...]. Its gradient is
 * that of the sum of all processes' losses.
 */
export function allGather(x: Tensor, { size, rank }: World): Tensor {
  return size === 1 ? x : apply(allGatherOp, [x], { size, rank });
}
