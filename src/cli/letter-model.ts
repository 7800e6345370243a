import type { Backend } from "../backend/backend.js";
import { compile } from "../backend/program.js";
import { State } from "../backend/state.js";
import { keyOf } from "../base/random.js";
import type { Mapped } from "../base/tree.js";
import { gradient } from "../graph/gradient.js";
import { add } from "../graph/ops/arithmetic.js";
import { softmaxCrossEntropy } from "../graph/ops/cross-entropy.js";
import { affine } from "../graph/ops/elementwise.js";
import { fill } from "../graph/ops/broadcast.js";
import { gatherRows } from "../graph/ops/gather.js";
import { argmax, mean } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/reshape.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import type { Block } from "../nn/block.js";
import { type LayerNorm, layerNorm, layerNormParameters } from "../nn/layer-norm.js";
import { type Linear, linear, linearParameters } from "../nn/linear.js";
import { type Parameter, initialise, parameterCount, weight } from "../nn/parameter.js";
import { stack, stackParameters } from "../nn/stack.js";
import { adamW, adamWMoments } from "../optim/adamw.js";
import { clipByGlobalNorm } from "../optim/clip.js";
import { warmupCosine } from "../optim/schedule.js";
import { type MaskedBatch, alphabetSize, hiddenCount } from "./letters.js";

export interface LetterModelSizes {
  readonly batch: number;
  readonly length: number;
  readonly width: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
}

interface LetterParameters<T> {
  readonly letters: T;
  readonly positions: T;
  readonly blocks: readonly Block<T>[];
  readonly norm: LayerNorm<T>;
  readonly output: Linear<T>;
}

export interface LetterModel {
  readonly parameterCount: number;
  /** Bytes to train. */
  readonly memory: number;
  readonly train: (batch: MaskedBatch) => Promise<{ loss: number; norm: number }>;
  readonly evaluate: (batch: MaskedBatch) => Promise<{ loss: number; guesses: Int32Array }>;
}

/** A small transformer encoder over characters, with its training and evaluation programs. */
export async function letterModel(
  backend: Backend,
  sizes: LetterModelSizes,
  steps: number,
): Promise<LetterModel> {
  const parameters = letterParameters(sizes);
  const state = new State(backend, {
    parameters,
    moments: adamWMoments(parameters),
    step: spec([]),
  });
  const inputs = batchSpecs(sizes);
  const training = compile({ state, inputs }, (s, batch) => {
    const loss = lossOf(logits(s.parameters, sizes, batch), batch);
    const gradients = gradient(loss, s.parameters);
    const { norm, scale } = clipByGlobalNorm(gradients, 1);
    const step = affine(s.step, 1, 1);
    const learningRate = warmupCosine(step, { peak: 2e-3, warmup: steps / 20, total: steps });
    const next = adamW({ ...s, gradients, learningRate, step, scale }, { weightDecay: 0.1 });
    return { outputs: { loss, norm }, state: { ...next, step } };
  });
  const evaluation = compile({ state, inputs }, (s, batch) => {
    const scores = logits(s.parameters, sizes, batch);
    return { outputs: { loss: lossOf(scores, batch), guesses: argmax(scores) } };
  });
  await initialise(state, keyOf(0));
  return {
    parameterCount: parameterCount(parameters),
    memory: training.memory.total,
    train: async (batch) => {
      const { loss, norm } = await training.run({ ...batch });
      return { loss: loss[0] ?? NaN, norm: norm[0] ?? NaN };
    },
    evaluate: async (batch) => {
      const { loss, guesses } = await evaluation.run({ ...batch });
      return { loss: loss[0] ?? NaN, guesses: guesses as Int32Array };
    },
  };
}

function letterParameters(sizes: LetterModelSizes): LetterParameters<Parameter> {
  const { length, width } = sizes;
  return {
    letters: weight([alphabetSize + 1, width]),
    positions: weight([length, width]),
    blocks: stackParameters(sizes),
    norm: layerNormParameters(width),
    output: linearParameters(width, alphabetSize),
  };
}

function batchSpecs(sizes: LetterModelSizes) {
  const count = hiddenCount(sizes);
  return {
    ids: spec([sizes.batch, sizes.length], "int32"),
    positions: spec([count], "int32"),
    labels: spec([count], "int32"),
  };
}

type TracedBatch = Mapped<ReturnType<typeof batchSpecs>, TensorSpec, Tensor>;

/** Scores of every character at the hidden positions: float32 [N, alphabet]. */
function logits(
  p: LetterParameters<Tensor>,
  { heads, width }: LetterModelSizes,
  { ids, positions }: TracedBatch,
): Tensor {
  const epsilon = 1e-12;
  const embedded = add(gatherRows(p.letters, ids), p.positions); // [B, L, D]
  const states = stack(p.blocks, embedded, { heads, epsilon, precision: "float32" });
  const last = layerNorm(p.norm, states.at(-1) ?? embedded, epsilon, "float32");
  const hidden = gatherRows(reshape(last, [-1, width]), positions); // [N, D]
  return linear(p.output, hidden, "float32"); // [N, alphabet]
}

function lossOf(scores: Tensor, { labels }: TracedBatch): Tensor {
  return mean(softmaxCrossEntropy(scores, labels, fill(labels.shape, 1)));
}
