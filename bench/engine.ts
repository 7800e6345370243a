import type { Backend } from "../src/backend/backend.js";
import { compile } from "../src/backend/program.js";
import { State } from "../src/backend/state.js";
import { keyOf } from "../src/base/random.js";
import { gradient } from "../src/graph/gradient.js";
import { add, multiply, subtract } from "../src/graph/ops/arithmetic.js";
import { fill } from "../src/graph/ops/fill.js";
import { affine } from "../src/graph/ops/affine.js";
import { product } from "../src/graph/ops/matmul.js";
import { quantizedLinear } from "../src/graph/ops/quantize.js";
import { mean } from "../src/graph/ops/reduce.js";
import { placeholder } from "../src/graph/placeholder.js";
import { plan } from "../src/graph/plan.js";
import { type Tensor, spec } from "../src/graph/tensor.js";
import type { Block } from "../src/nn/block.js";
import { type LayerNorm, layerNorm, layerNormParameters } from "../src/nn/layer-norm.js";
import { type Parameter, initialize } from "../src/nn/parameter.js";
import { stack, stackParameters } from "../src/nn/stack.js";
import { adamW, adamWMoments } from "../src/optim/adamw.js";
import { randomNumbers } from "./random-numbers.js";
import {
  type Encoder,
  type EngineWork,
  type Prepared,
  type Product,
  type TinyOperations,
  encoderSizes,
} from "./work.js";

type EncoderParameters<T> = {
  readonly blocks: readonly Block<T>[];
  readonly norm: LayerNorm<T>;
};

const epsilon = 1e-12;

/** The workloads of the engine: products, a plain ViT-B/16 encoder, tiny operations. */
export function prepareEngine(backend: Backend, work: EngineWork): Promise<Prepared> {
  switch (work.kind) {
    case "product":
      return Promise.resolve(prepareProduct(backend, work));
    case "train":
      return prepareTraining(backend, work);
    case "infer":
      return prepareInference(backend, work);
    case "tiny operations":
      return Promise.resolve(prepareTinyOperations(backend, work));
  }
}

/**
 * Every product is computed from the stored weight in each run, without packing it before. A `Program` would prepare the unchanged weight only
 * once; and it would copy out the results, which the peer does not do either.
 */
function prepareProduct(backend: Backend, { m, k, n, count, dtype }: Product): Prepared {
  const narrow = dtype === "int8";
  const lefts = Array.from({ length: count }, () => spec([m, k], narrow ? "bfloat16" : dtype));
  const state = new State(backend, { lefts, weight: spec([n, k], dtype), scale: spec([n]) });
  for (const path of state.paths) {
    const { size, dtype } = state.spec(path);
    const numbers = randomNumbers(size);
    state.write(path, dtype === "int8" ? Int8Array.from(numbers, (x) => 254 * x) : numbers);
  }
  const [weight, scale] = ["weight", "scale"].map((path) =>
    placeholder(state.spec(path), path, "state"),
  ) as [Tensor, Tensor];
  const results = lefts.map((left, index) => {
    const a = placeholder(left, `lefts/${index}`, "state");
    const multiplied = narrow
      ? quantizedLinear(a, weight, scale)
      : product(a, weight, { transposeB: true });
    return [String(index), multiplied] as const;
  });
  const made = plan({ outputs: new Map(results), updates: new Map() }, false);
  state.prepared.take(made.shared);
  const executable = backend.load(made, (place) =>
    place.kind === "state" ? state.memory(place.path) : state.prepared.memory(place.origin),
  );
  return { run: () => executable.run(0, made.instructions.length, new Map()) };
}

/** Forward, backward and AdamW in one program. */
async function prepareTraining(backend: Backend, work: Encoder): Promise<Prepared> {
  const parameters = encoderParameters();
  const moments = adamWMoments(parameters);
  const state = new State(backend, { parameters, moments, step: spec([]) });
  await initialize(state, keyOf(0));
  const shape = inputShape(work);
  const program = compile(
    { state, inputs: { x: spec(shape), target: spec(shape) } },
    (s, inputs) => {
      const error = subtract(encode(s.parameters, inputs.x, work), inputs.target);
      const loss = mean(multiply(error, error));
      const step = affine(s.step, 1, 1);
      const { updateNorm: _, ...next } = adamW({
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
  return { run: () => program.run({ x, target }) };
}

/** Forward only. The weights do not change, so they are rounded, quantized and packed in the first run. */
async function prepareInference(backend: Backend, work: Encoder): Promise<Prepared> {
  const state = new State(backend, { parameters: encoderParameters() });
  await initialize(state, keyOf(0));
  const shape = inputShape(work);
  const program = compile({ state, inputs: { x: spec(shape) } }, (s, { x }) => ({
    outputs: { y: encode(s.parameters, x, work) },
  }));
  const x = randomNumbers(shape[0] * shape[1] * shape[2]);
  return { run: () => program.run({ x }) };
}

/** The overhead of a run: the additions themselves take no time. */
function prepareTinyOperations(backend: Backend, { count }: TinyOperations): Prepared {
  const shape = [8];
  const inputs = { x: spec(shape), y: spec(shape) };
  const program = compile({ state: new State(backend, {}), inputs }, (_, { x, y }) => {
    let total = x;
    for (let operation = 0; operation < count; operation++) total = add(total, y);
    return { outputs: { total } };
  });
  const [x, y] = [randomNumbers(8), randomNumbers(8)];
  return { run: () => program.run({ x, y }) };
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
