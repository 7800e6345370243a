import type { Backend } from "../src/backend/backend.js";
import { openBackend } from "../src/backend/open.js";
import { compile } from "../src/backend/program.js";
import { State } from "../src/backend/state.js";
import { keyOf } from "../src/base/random.js";
import { gradient } from "../src/graph/gradient.js";
import { multiply, subtract } from "../src/graph/ops/arithmetic.js";
import { fill } from "../src/graph/ops/broadcast.js";
import { affine } from "../src/graph/ops/elementwise.js";
import { product } from "../src/graph/ops/matmul.js";
import { mean } from "../src/graph/ops/reduce.js";
import { placeholder } from "../src/graph/placeholder.js";
import { plan } from "../src/graph/plan.js";
import { type Tensor, spec } from "../src/graph/tensor.js";
import type { Block } from "../src/nn/block.js";
import { type LayerNorm, layerNorm, layerNormParameters } from "../src/nn/layer-norm.js";
import { type Parameter, initialise } from "../src/nn/parameter.js";
import { stack, stackParameters } from "../src/nn/stack.js";
import { adamW, adamWMoments } from "../src/optim/adamw.js";
import { encoderSizes, type Encoder, type Product, type Side, type Work } from "./work.js";

/** Does the prepared work once. */
type Run = () => Promise<unknown>;

type EncoderParameters<T> = {
  readonly blocks: readonly Block<T>[];
  readonly norm: LayerNorm<T>;
};

const epsilon = 1e-12;

/** Our side of the comparison, in this process. */
export function openEngine(): Side {
  let backend: Backend | undefined;
  let run: Run | undefined;
  return {
    prepare: async (work, threads) => {
      backend?.dispose(); // frees the work before it
      backend = openBackend({ name: "native", threads });
      run = await prepareRun(backend, work);
    },
    time: async () => {
      if (!run) throw new Error("Nothing is prepared that could be timed.");
      const start = performance.now();
      await run();
      return (performance.now() - start) / 1000;
    },
    processorSeconds: () => {
      const { user, system } = process.cpuUsage();
      return Promise.resolve((user + system) / 1e6);
    },
    close: () => {
      backend?.dispose();
      return Promise.resolve();
    },
  };
}

function prepareRun(backend: Backend, work: Work): Promise<Run> {
  switch (work.kind) {
    case "product":
      return Promise.resolve(prepareProduct(backend, work));
    case "train":
      return prepareTraining(backend, work);
    case "infer":
      return prepareInference(backend, work);
  }
}

/**
 * Every product is formed anew in each run, from the weight as it is stored. A `Program` would see that nothing changes
 * and form it once; and it would hand out the results, which the peer does not either.
 */
function prepareProduct(backend: Backend, { m, k, n, count, dtype }: Product): Run {
  const lefts = Array.from({ length: count }, () => spec([m, k], dtype));
  const state = new State(backend, { lefts, weight: spec([n, k], dtype) });
  for (const path of state.paths) state.write(path, randomNumbers(state.spec(path).size));
  const weight = placeholder(state.spec("weight"), "weight", "state");
  const results = lefts.map((left, index) => {
    const a = placeholder(left, `lefts/${index}`, "state");
    return [String(index), product(a, weight, { transposeB: true })] as const;
  });
  const made = plan({ outputs: new Map(results), updates: new Map() }, false);
  const executable = backend.load(made, (path) => state.memory(path));
  return () => executable.run(0, made.instructions.length, new Map());
}

/** Forward, backward and AdamW in one program. */
async function prepareTraining(backend: Backend, work: Encoder): Promise<Run> {
  const parameters = encoderParameters();
  const moments = adamWMoments(parameters);
  const state = new State(backend, { parameters, moments, step: spec([]) });
  await initialise(state, keyOf(0));
  const shape = inputShape(work);
  const program = compile(
    { state, inputs: { x: spec(shape), target: spec(shape) } },
    (s, inputs) => {
      const error = subtract(encode(s.parameters, inputs.x, work), inputs.target);
      const loss = mean(multiply(error, error));
      const step = affine(s.step, 1, 1);
      const next = adamW({
        parameters: s.parameters,
        moments: s.moments,
        gradients: gradient(loss, s.parameters),
        learningRate: fill([], 1e-4),
        step,
      });
      return { outputs: { loss }, state: { ...next, step } };
    },
  );
  const x = randomNumbers(shape[0] * shape[1] * shape[2]);
  const target = randomNumbers(x.length);
  return () => program.run({ x, target });
}

/** Forward only. The weights do not change, so they are rounded, quantised and packed in the first run. */
async function prepareInference(backend: Backend, work: Encoder): Promise<Run> {
  const state = new State(backend, { parameters: encoderParameters() });
  await initialise(state, keyOf(0));
  const shape = inputShape(work);
  const program = compile({ state, inputs: { x: spec(shape) } }, (s, { x }) => ({
    outputs: { y: encode(s.parameters, x, work) },
  }));
  const x = randomNumbers(shape[0] * shape[1] * shape[2]);
  return () => program.run({ x });
}

function encoderParameters(): EncoderParameters<Parameter> {
  return { blocks: stackParameters(encoderSizes), norm: layerNormParameters(encoderSizes.width) };
}

/** float32 [B, L, D] -> [B, L, D] */
function encode(p: EncoderParameters<Tensor>, x: Tensor, { dtype }: Encoder): Tensor {
  const options = { heads: encoderSizes.heads, epsilon, precision: dtype };
  return layerNorm(p.norm, stack(p.blocks, x, options).at(-1)!, epsilon, "float32");
}

function inputShape({ batch, tokens }: Encoder): [number, number, number] {
  return [batch, tokens, encoderSizes.width];
}

/** What they are makes no difference to the time, as long as they are ordinary numbers. */
function randomNumbers(size: number): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = Math.random() - 0.5;
  return values;
}
