import { describe, expect, it } from "vitest";
import { communicators } from "../../test/processes.js";
import type { Communicator } from "../backend/communicator.js";
import { type Program, compile } from "../backend/program.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import { gradient } from "./gradient.js";
import { multiply } from "./ops/arithmetic.js";
import { rangeOf } from "./ops/block-ranges.js";
import { sum } from "./ops/broadcast.js";
import { reduceRanges } from "./ops/collective.js";
import { relu } from "./ops/elementwise.js";
import { fill } from "./ops/fill.js";
import { product } from "./ops/matmul.js";
import { type Tensor, type TensorSpec, spec } from "./tensor.js";
import type { World } from "./world.js";

interface Stack {
  readonly state: State<{ readonly weights: readonly TensorSpec[] }>;
  readonly program: Program<{ readonly x: TensorSpec }, readonly Tensor[]>;
}

/** A deep stack that is run forward and backward; each process gets its range of the gradients' sums. */
function stack(layers: number, width: number, processes: Communicator | undefined): Stack {
  const weights = Array.from({ length: layers }, () => spec([width, width]));
  const world: World = processes ?? { size: 1, rank: 0 };
  const paths = weights.map((_, layer) => `weights/${layer}`);
  const ranges = processes && new Map(paths.map((path) => [path, rangeOf(width ** 2, world)]));
  const backend = referenceBackend({ precision: "float32", processes });
  const state = new State(backend, { weights }, ranges);
  const program = compile({ state, inputs: { x: spec([2, width]) } }, (s, { x }) => {
    const y = s.weights.reduce((z, weight) => relu(product(z, weight, { transposeB: true })), x);
    const gradients = gradient(sum(multiply(y, y)), s.weights) as readonly Tensor[];
    // Each is complete before the next one, so that they leave one by one.
    const outputs = gradients
      .toReversed()
      .map((each, index) => reduceRanges([each], world, 8 + index)[0]!);
    return { outputs };
  });
  return { state, program };
}

const waves = (count: number, phase: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 0.37 + phase));

async function ran({ state, program }: Stack, x: Float32Array): Promise<Values[]> {
  for (const [index, path] of state.paths.entries()) {
    state.write(path, waves(state.spec(path).size, index));
  }
  return [...(await program.run({ x }))] as Values[];
}

describe("divided state", () => {
  it("gives the bits of whole state, and sums of gradients by range", async () => {
    const [layers, width] = [4, 128];
    const x = waves(2 * width, 0.5);
    const one = communicators(1)[0]!;
    const alone = await ran(stack(layers, width, one), x);
    const all = communicators(2);
    const halves = await Promise.all(
      // Only the first process has a sample, so that sums are exact.
      all.map((each) => ran(stack(layers, width, each), each.rank === 0 ? x : x.map(() => 0))),
    );
    const joined = alone.map((_, layer) => halves.flatMap((half) => [...half[layer]!]));
    expect(joined).toEqual(alone.map((each) => [...each]));
  });

  it("takes memory for a few tensors of a deep stack at a time", () => {
    const [layers, width] = [64, 256];
    const whole = 4 * width * width;
    const four = communicators(4)[3]!;
    const { state, program } = stack(layers, width, four);
    const ranges = (layers * whole) / 4;
    expect(state.bytes).toEqual({ weights: ranges });
    // Besides the ranges of the gradients, which are the results: a tensor that is read and two gathered ahead, and as many gradients.
    expect(program.memory.arena).toBeGreaterThan(ranges);
    expect(program.memory.arena).toBeLessThan(ranges + 6 * whole);
  });

  it("is written whole, of which one tensor is in memory at a time", () => {
    const [layers, width] = [16, 256];
    const four = communicators(4)[3]!;
    const { state } = stack(layers, width, four);
    const program = compile({ state, inputs: {} }, () => ({
      outputs: {},
      state: { weights: Array.from({ length: layers }, () => fill([width, width], 1)) },
    }));
    expect(program.memory.arena).toBeLessThan(2 * 4 * width * width);
  });

  it("is read together with the other processes", async () => {
    const all = communicators(2).map((each) => stack(2, 128, each).state);
    for (const state of all) state.write("weights/1", waves(128 * 128, 3));
    await expect(all[0]!.read("weights/1")).rejects.toThrow("readTogether");
    let read: Values | undefined;
    await Promise.all([
      all[0]!.readTogether(async () => {
        read = await all[0]!.read("weights/1");
      }),
      all[1]!.readTogether(undefined),
    ]);
    expect(read).toEqual(waves(128 * 128, 3));
  });
});
