import type { Backend } from "../../backend/backend.js";
import { compile } from "../../backend/program.js";
import { State } from "../../backend/state.js";
import { keyOf } from "../../base/random.js";
import { leavesOf } from "../../base/tree.js";
import { gradient } from "../../graph/gradient.js";
import { sum } from "../../graph/ops/broadcast.js";
import { sumOfSquares } from "../../graph/ops/update.js";
import { type Tensor, spec } from "../../graph/tensor.js";
import type { StackConfig } from "../../model/config.js";
import { block, blockParameters } from "../../nn/block.js";
import { initialize } from "../../nn/parameter.js";
import type { Precision } from "../../nn/precision.js";

const tokens = 64;
/** Operations per round: enough for a stable figure, roughly a tenth of a second with or without the kernels. */
const samplesFor = { native: 5e9, wasm: 5e8, reference: 1e7 };
const rounds = 3;

/**
 * The speed at which one encoder block of these sizes trains on this machine: multiplications and additions per second,
 * best of a few rounds. The rest of a model is slower (convolutions) or faster (the vocabulary), so estimates
 * from it are rough.
 */
export async function blockSpeed(
  backend: Backend,
  { width, hidden, heads }: StackConfig,
  precision: Precision,
): Promise<number> {
  const flopsOfSample = 6 * tokens * (4 * width * width + 2 * width * hidden);
  const samples = Math.ceil(samplesFor[backend.name] / flopsOfSample);
  const state = new State(backend, { parameters: blockParameters(width, hidden) });
  await initialize(state, keyOf(0));
  const shape = [samples, tokens, width];
  const program = compile({ state, inputs: { x: spec(shape) } }, ({ parameters }, { x }) => {
    const y = block(parameters, x, { heads, epsilon: 1e-6, precision });
    const gradients = leavesOf<Tensor>(gradient(sum(y), parameters)).map(([, leaf]) => leaf);
    return { outputs: { size: sumOfSquares(gradients) } };
  });
  // Any numbers do that are not all equal.
  const x = Float32Array.from({ length: samples * tokens * width }, (_, i) => (i % 17) / 8 - 1);
  let fastest = Infinity;
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    await program.run({ x });
    const seconds = (performance.now() - start) / 1000;
    if (round > 0) fastest = Math.min(fastest, seconds); // the first is slower, because it touches new memory
  }
  const { flops } = program;
  program.dispose();
  state.dispose();
  return flops / fastest;
}
