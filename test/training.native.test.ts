import { afterAll, describe, expect, test } from "vitest";
import type { Backend } from "../src/backend/backend.js";
import { nativeBackend, nativeLevels } from "../src/backend/native.js";
import { compile } from "../src/backend/program.js";
import { referenceBackend } from "../src/backend/reference.js";
import { State } from "../src/backend/state.js";
import { foldIn, keyOf, normal } from "../src/base/random.js";
import { multiply, subtract } from "../src/graph/ops/arithmetic.js";
import { mean } from "../src/graph/ops/reduce.js";
import { type TensorSpec, spec } from "../src/graph/tensor.js";
import { layerNorm, layerNormParameters } from "../src/nn/layer-norm.js";
import type { Precision } from "../src/nn/precision.js";
import { stack, stackParameters } from "../src/nn/stack.js";
import { warmupCosine } from "../src/optim/schedule.js";
import { optimizerStep } from "../src/train/optimizer-step.js";
import type { CompiledStep } from "../src/train/step/compiled-step.js";
import type { Loss, Traced } from "../src/train/step/loss.js";
import { optimizerState } from "../src/train/step/update.js";
import { openTestDevice } from "./webgpu.js";

const sizes = { layers: 2, width: 16, hidden: 32 };
const shape = [4, 6, 16] as const;
const steps = 200;

interface Training {
  readonly state: State;
  readonly program: CompiledStep<{ x: TensorSpec; y: TensorSpec }>;
}

/** A tiny transformer that learns to reverse the order of its tokens, with the same start on every backend. */
function training(backend: Backend, precision: Precision): Training {
  const parameters = { blocks: stackParameters(sizes), norm: layerNormParameters(sizes.width) };
  const state = new State(backend, optimizerState(parameters));
  for (const [index, path] of state.paths.entries()) {
    if (!path.startsWith("parameters")) continue;
    const { size } = state.spec(path);
    const start = path.endsWith("gain")
      ? new Float32Array(size).fill(1)
      : normal(foldIn(keyOf(1), index), size, 0.1);
    state.write(path, start);
  }
  const inputs = { x: spec(shape), y: spec(shape) };
  const loss: Loss<Traced<typeof parameters>, typeof inputs> = {
    inputs,
    trace: ({ blocks, norm }, { x, y }) => {
      const last = stack(blocks, x, { heads: 2, epsilon: 1e-6, precision }).at(-1) ?? x;
      const error = subtract(layerNorm(norm, last, 1e-6, "float32"), y);
      return { total: mean(multiply(error, error)), scalars: {} };
    },
  };
  const program = optimizerStep(state, loss, {
    clip: 1,
    learningRate: (step) => warmupCosine(step, { peak: 5e-3, warmup: 20, total: steps }),
  });
  return { state, program };
}

function batch(step: number): { x: Float32Array; y: Float32Array } {
  const [samples, length, width] = shape;
  const x = normal(foldIn(keyOf(2), step), samples * length * width);
  const y = new Float32Array(x.length);
  for (let row = 0; row < samples * length; row++) {
    const sample = Math.floor(row / length);
    const mirrored = sample * length + (length - 1 - (row % length));
    y.set(x.subarray(mirrored * width, (mirrored + 1) * width), row * width);
  }
  return { x, y };
}

async function lossCurve(backend: Backend, precision: Precision, count = steps): Promise<number[]> {
  const { program } = training(backend, precision);
  const curve: number[] = [];
  for (let step = 0; step < count; step++) {
    const { total } = await program.run(batch(step));
    curve.push(total);
  }
  return curve;
}

describe.runIf(nativeLevels().length > 0)("training on the native backend", () => {
  test(
    "follows the reference for 200 steps: float32 closely, bfloat16 within 5 %",
    { timeout: 60000 },
    async () => {
      const native = nativeBackend({ threads: 2 });
      const reference = await lossCurve(referenceBackend(), "float32");
      const float32 = await lossCurve(native, "float32");
      const bfloat16 = await lossCurve(native, "bfloat16");
      native.dispose();
      expect(reference.at(-1)).toBeLessThan(0.7 * (reference[0] ?? 0));
      for (const [step, loss] of reference.entries()) {
        expect(Math.abs((float32[step] ?? NaN) / loss - 1), `float32, step ${step}`).toBeLessThan(
          2e-3,
        );
        expect(Math.abs((bfloat16[step] ?? NaN) / loss - 1), `bfloat16, step ${step}`).toBeLessThan(
          0.05,
        );
      }
    },
  );

  test("gives bitwise the same weights for any number of threads, and when repeated", async () => {
    const weights = [];
    for (const threads of [1, 2, 3, 64, 2]) {
      const backend = nativeBackend({ threads });
      const { state, program } = training(backend, "bfloat16");
      for (let step = 0; step < 5; step++) await program.run(batch(step));
      weights.push(await Promise.all(state.paths.map((path) => state.read(path))));
      backend.dispose();
    }
    for (const other of weights.slice(1)) expect(other).toEqual(weights[0]);
  });

  test("does not leak memory in 1,000 runs", { timeout: 60000 }, async () => {
    const backend = nativeBackend({ threads: 2 });
    const { program } = training(backend, "float32");
    const given = batch(0);
    const residentAfter = async (runs: number): Promise<number> => {
      for (let run = 0; run < runs; run++) await program.run(given);
      return process.memoryUsage().rss;
    };
    const before = await residentAfter(300);
    const after = await residentAfter(1000);
    backend.dispose();
    // JavaScript's heap may grow a little before garbage collection; a leak of the arena would be 1,000 times its size.
    expect(after - before).toBeLessThan(32e6);
  });

  test("keeps timers firing during a run", async () => {
    const backend = nativeBackend({ threads: 2 });
    const state = new State(backend, {});
    const size = [768, 768] as const;
    const program = compile({ state, inputs: { x: spec(size) } }, (_, { x }) => {
      let y = x;
      for (let i = 0; i < 60; i++) y = multiply(subtract(y, x), y);
      return { outputs: { y: mean(y) } };
    });
    const values = new Float32Array(768 * 768);
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    for (let run = 0; run < 5; run++) await program.run({ x: values });
    clearInterval(timer);
    backend.dispose();
    expect(fired).toBeGreaterThan(0);
  });
});

const device = process.env.FLAVA_BACKEND === "webgpu" ? await openTestDevice() : undefined;
afterAll(() => device?.dispose());

describe.runIf(device)("training on WebGPU", () => {
  test.each([
    ["float32", 2e-3],
    ["bfloat16", 0.05],
  ] as const)("follows the reference: %s", { timeout: 600_000 }, async (precision, band) => {
    const count = 40;
    const reference = await lossCurve(referenceBackend(), "float32", count);
    const curve = await lossCurve(device!, precision, count);
    for (const [step, loss] of reference.entries()) {
      expect(Math.abs((curve[step] ?? NaN) / loss - 1), `step ${step}`).toBeLessThan(band);
    }
  });
});
