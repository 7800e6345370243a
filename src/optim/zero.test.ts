import { expect, it } from "vitest";
import { communicators } from "../../test/processes.js";
import type { Communicator } from "../backend/communicator.js";
import { compile } from "../backend/program.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import { fill } from "../graph/ops/fill.js";
import { numbersPerBlock } from "../graph/ops/block-ranges.js";
import { spec } from "../graph/tensor.js";
import { adamW, adamWMoments } from "./adamw.js";
import { clipByGlobalNorm, clipByNorm } from "./clip.js";
import { type ZeroStage, divisionOf } from "./zero.js";

const parameters = { matrix: spec([3, numbersPerBlock + 5]), bias: spec([7]) };
const names = ["matrix", "bias"] as const;
const waves = (count: number, phase: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 0.37 + phase));

/** The state after two clipped steps with gradients that are sums over two processes, and the numbers that a process has of it. */
async function trained(
  zero: ZeroStage,
  processes?: Communicator,
): Promise<{ readonly all: Values[]; readonly held: number }> {
  const divided = divisionOf(zero, processes, parameters);
  const backend = referenceBackend({ precision: "float32", processes });
  const moments = adamWMoments(parameters);
  const state = new State(backend, { parameters, moments }, divided?.ranges);
  for (const path of names) {
    state.write(`parameters/${path}`, waves(state.spec(`parameters/${path}`).size, 1));
  }
  const program = compile({ state, inputs: parameters }, (s, gradients) => {
    const reduced = divided?.reduced(new Map(Object.entries(gradients)), 9);
    const summed = reduced
      ? Object.fromEntries(names.map((name) => [name, new Map(reduced).get(name)!]))
      : gradients;
    const { scale } = divided
      ? clipByNorm(divided.norm(summed), 0.5)
      : clipByGlobalNorm(summed, 0.5);
    const scalars = { learningRate: fill([], 1e-2), step: fill([], 1), scale };
    const inputs = { ...s, gradients: summed, ...scalars };
    const next = divided ? divided.adamW(inputs) : adamW(inputs);
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
  const all: Values[] = [];
  await state.readTogether(
    processes && processes.rank > 0
      ? undefined
      : async () => {
          for (const path of state.paths) all.push(await state.read(path));
        },
  );
  return { all, held: state.bytes.parameters! / 4 };
}

it.each([1, 3] as const)(
  "with ZeRO stage %i, the state of one process, bit for bit",
  async (zero) => {
    const alone = await trained(0);
    const [first, second] = await Promise.all(communicators(2).map((each) => trained(zero, each)));
    expect(first!.all).toEqual(alone.all);
    const { matrix, bias } = parameters;
    const own = 2 * numbersPerBlock; // of four blocks
    expect([first!.held, second!.held]).toEqual(
      zero === 1 ? [alone.held, alone.held] : [own + bias.size, matrix.size - own + bias.size],
    );
  },
);
