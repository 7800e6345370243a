import { expect, it } from "vitest";
import { communicators } from "../../test/processes.js";
import type { Communicator } from "../backend/communicator.js";
import { compile } from "../backend/program.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import { reduceBlocks } from "../graph/ops/collective.js";
import { fill } from "../graph/ops/fill.js";
import { numbersPerBlock } from "../graph/ops/block-ranges.js";
import { spec } from "../graph/tensor.js";
import { adamW, adamWMoments } from "./adamw.js";
import { clipByGlobalNorm, clipByNorm } from "./clip.js";
import { DividedMoments, dividedAdamW, dividedNorm } from "./divided-moments.js";

const parameters = { matrix: spec([3, numbersPerBlock + 5]), bias: spec([7]) };
const waves = (count: number, phase: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 0.37 + phase));

/** The parameters after two clipped steps with gradients that are sums over two processes. */
async function trained(processes: Communicator | undefined): Promise<Values[]> {
  const divided = processes && new DividedMoments(parameters, [], processes);
  const backend = referenceBackend({ precision: "float32", processes });
  const moments = divided?.specs() ?? adamWMoments(parameters);
  const state = new State(backend, { parameters, moments, step: spec([]) });
  for (const path of ["matrix", "bias"]) {
    state.write(`parameters/${path}`, waves(state.spec(`parameters/${path}`).size, 1));
  }
  const program = compile({ state, inputs: parameters }, (s, gradients) => {
    const names = ["matrix", "bias"] as const;
    const sums = processes
      ? reduceBlocks(
          names.map((name) => gradients[name]),
          processes,
          9,
        )
      : names.map((name) => gradients[name]);
    const summed = { matrix: sums[0]!, bias: sums[1]! };
    const { scale } = divided
      ? clipByNorm(dividedNorm(summed, divided), 0.5)
      : clipByGlobalNorm(summed, 0.5);
    const scalars = { learningRate: fill([], 1e-2), step: fill([], 1), scale };
    const inputs = { ...s, gradients: summed, ...scalars };
    const next = divided ? dividedAdamW(inputs, divided) : adamW(inputs);
    return { outputs: {}, state: { parameters: next.parameters, moments: next.moments } };
  });
  for (const step of [1, 2]) {
    // Halves of the numbers of one process, so that their sum is exact.
    const share = processes ? 0.5 : 1;
    await program.run({
      matrix: waves(parameters.matrix.size, step).map((x) => share * x),
      bias: waves(7, step).map((x) => share * x),
    });
  }
  return [await state.read("parameters/matrix"), await state.read("parameters/bias")];
}

it("divided moments give all processes the parameters of one, bit for bit", async () => {
  const alone = await trained(undefined);
  const shared = await Promise.all(communicators(2).map(trained));
  expect(shared).toEqual([alone, alone]);
  const specs = communicators(2).map((each) => new DividedMoments(parameters, [], each).specs());
  expect(specs.map(({ matrix }) => matrix?.first.size)).toEqual([
    2 * numbersPerBlock,
    numbersPerBlock + 15,
  ]);
});
