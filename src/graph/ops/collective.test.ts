import { describe, expect, it } from "vitest";
import { communicators } from "../../../test/processes.js";
import type { Communicator } from "../../backend/communicator.js";
import { compile } from "../../backend/program.js";
import { referenceBackend } from "../../backend/reference.js";
import { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { gradient } from "../gradient.js";
import { placeholder } from "../placeholder.js";
import { schedule } from "../schedule.js";
import { type Tensor, spec } from "../tensor.js";
import { affine } from "./affine.js";
import { multiply } from "./arithmetic.js";
import { sum } from "./broadcast.js";
import type { World } from "../world.js";
import { allGather, allReduce, reduceScatter } from "./collective.js";

const x = placeholder(spec([4, 3]), "x");

/** The results on each of three processes, which have x = [[r, 10 r], ...] of `rows` rows. */
async function onAll(
  rows: number,
  trace: (x: Tensor, world: World) => Tensor,
  size = 3,
): Promise<number[][]> {
  const one = async (processes: Communicator): Promise<number[]> => {
    const state = new State(referenceBackend({ processes }), {});
    const inputs = { x: spec([rows, 2]) };
    const program = compile({ state, inputs }, (_, given) => ({
      outputs: { y: trace(given.x, processes) },
    }));
    const values = Float32Array.from({ length: 2 * rows }, (_, i) => {
      return processes.rank * (i % 2 === 0 ? 1 : 10);
    });
    const { y } = (await program.run({ x: values })) as { y: Values };
    return Array.from(y);
  };
  return Promise.all(communicators(size).map(one));
}

describe("collective operations", () => {
  it("are the identity with one process", () => {
    const alone = { size: 1, rank: 0 };
    expect(allGather(x, alone, 1)).toBe(x);
    expect(reduceScatter(x, alone, 1)).toBe(x);
    expect(allReduce([x], alone, 1)).toEqual([x]);
  });

  it("gather and sum the values of all processes", async () => {
    const gathered = await onAll(1, (y, world) => allGather(y, world, 1));
    expect(gathered).toEqual(Array(3).fill([0, 0, 1, 10, 2, 20]));
    const summed = await onAll(1, (y, world) => allReduce([y, affine(y, 2, 0)], world, 1)[1]!);
    expect(summed).toEqual(Array(3).fill([6, 60]));
    const scaled = (y: Tensor, { rank }: World): Tensor => affine(y, rank, 0);
    const scattered = await onAll(3, (y, w) => reduceScatter(scaled(y, w), w, 1));
    expect(scattered).toEqual(Array(3).fill([5, 50]));
  });

  it("have the gradient of the sum of all processes' losses", async () => {
    const slope = (loss: Tensor, y: Tensor): Tensor => gradient(loss, y)!;
    const squares = (y: Tensor): Tensor => sum(multiply(y, y));
    const ofGather = await onAll(1, (y, w) => slope(squares(allGather(y, w, 1)), y));
    expect(ofGather).toEqual([0, 1, 2].map((rank) => [6 * rank, 60 * rank]));
    const ofSum = await onAll(1, (y, w) => slope(squares(allReduce([y], w, 1)[0]!), y));
    expect(ofSum).toEqual(Array(3).fill([18, 180]));
    const ofScatter = await onAll(3, (y, w) => slope(squares(reduceScatter(y, w, 1)), y));
    expect(ofScatter).toEqual(Array(3).fill(Array(3).fill([6, 60]).flat()));
  });

  it("start early and are waited for late", () => {
    const world = { size: 2, rank: 0 };
    const [early] = allReduce([affine(x, 2, 0)], world, 1);
    const other = affine(placeholder(spec([1000]), "other"), 3, 0);
    const order = schedule([affine(early!, 4, 0), other]).map(({ op, attributes }) =>
      op.name === "affine" ? attributes.a : op.name,
    );
    const [start, wait] = ["collectiveStart", "collectiveWait"].map((name) => order.indexOf(name));
    expect(start).toBeLessThan(order.indexOf(3));
    expect(wait).toBeGreaterThan(order.indexOf(3));
  });

  it("refuse what they cannot exchange", () => {
    const world = { size: 3, rank: 0 };
    expect(() => allGather(placeholder(spec([]), "x"), world, 1)).toThrow("an axis");
    expect(() => allGather(placeholder(spec([2], "int32"), "x"), world, 1)).toThrow("float32");
    const other = placeholder(spec([2], "bfloat16"), "y");
    expect(() => allReduce([x, other], world, 1)).toThrow("float32 or bfloat16");
    expect(() => reduceScatter(x, world, 1)).toThrow("a multiple of 3 rows");
  });
});
