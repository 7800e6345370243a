import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gradient } from "../src/graph/gradient.js";
import { add, divide } from "../src/graph/ops/arithmetic.js";
import { fill } from "../src/graph/ops/fill.js";
import { cast } from "../src/graph/ops/cast.js";
import { conv2d } from "../src/graph/ops/convolution.js";
import { upsample2x } from "../src/graph/ops/pool.js";
import { dropout, foldIn, gumbel, normal } from "../src/graph/ops/random.js";
import { argmax } from "../src/graph/ops/reduce.js";
import { sum } from "../src/graph/ops/broadcast.js";
import { softmax } from "../src/graph/ops/softmax.js";
import { checkFinite } from "../src/graph/ops/update.js";
import { type Tensor, type TensorSpec, spec } from "../src/graph/tensor.js";
import type { FlavaConfig } from "../src/model/config.js";
import { type FlavaForPretraining, pretrainingParameters } from "../src/model/flava.js";
import { encodeText, textEncoderParameters } from "../src/model/text-encoder.js";
import type { Precision } from "../src/nn/precision.js";
import type { PairBatch } from "../src/data/batch/batch.js";
import { lossesOf, totalLoss } from "../src/objective/objectives.js";
import { adamW, adamWMoments, trainable } from "../src/optim/adamw.js";
import { clipByGlobalNorm } from "../src/optim/clip.js";
import { type Exported, programFile } from "./program-file.js";

const stack = { layers: 2, width: 24, hidden: 40, heads: 3 };
const config: FlavaConfig = {
  image: { ...stack, size: 16, patch: 4, channels: 3, vocabulary: 32 },
  text: { ...stack, vocabulary: 70, positions: 12, types: 2 },
  multimodal: stack,
  codebook: { channels: 3, groups: 4, blocksPerGroup: 1, hidden: 8, vocabulary: 32 },
  projection: 20,
  epsilon: 1e-12,
  headEpsilon: 1e-12,
  maskPadding: true,
};

/** Forward, backward, clipping and AdamW of all four losses of pairs: nearly every kernel. */
function pretraining(precision: Precision): Exported<unknown, unknown> {
  const parameters = pretrainingParameters(config);
  const rules = [["codebook/.*", { frozen: true }]] as const;
  const batch = {
    pixels: spec([3, 3, 16, 16]),
    hidden: spec([3, 16]),
    positions: spec([9], "int32"),
    codebookPixels: spec([3, 3, 32, 32]),
    ids: spec([3, 7], "int32"),
    maskedIds: spec([3, 7], "int32"),
    lengths: spec([3], "int32"),
    match: spec([3]),
    targets: { positions: spec([5], "int32"), labels: spec([5], "int32") },
  };
  return {
    state: { parameters, moments: adamWMoments(parameters, rules) },
    inputs: batch,
    values: {
      match: Float32Array.of(1, 0, 1),
      lengths: Int32Array.of(7, 3, 1),
      positions: Int32Array.of(0, 3, 5, 17, 20, 33, 47, -1, -1),
      "targets/positions": Int32Array.of(1, 2, 8, 14, -1),
    },
    body: (state, inputs) => {
      const held = state as {
        parameters: FlavaForPretraining<Tensor>;
        moments: Record<string, { first: Tensor; second: Tensor }>;
      };
      const model = { config, parameters: held.parameters, precision, recompute: true };
      const loss = totalLoss(
        lossesOf(model, { kind: "pair", ...(inputs as Omit<PairBatch, "kind">) }),
      );
      const gradients = gradient(checkFinite(loss), trainable(held.parameters, rules));
      const { scale } = clipByGlobalNorm(gradients, 1);
      const scalars = { learningRate: fill([], 1e-3), step: fill([], 1), scale };
      const { updateNorm, ...next } = adamW({ ...held, gradients, ...scalars }, { rules });
      return { outputs: { loss, updateNorm }, state: next };
    },
  };
}

/** A text encoder with weights that are packed once. */
function inference(precision: Precision): Exported<unknown, unknown> {
  return {
    state: textEncoderParameters(config.text),
    inputs: { ids: spec([2, 9], "int32"), lengths: spec([2], "int32") },
    values: { lengths: Int32Array.of(9, 4) },
    body: (state, inputs) => {
      const options = { heads: 3, epsilon: 1e-12, precision };
      const parameters = state as Parameters<typeof encodeText>[0];
      const { sequence } = encodeText(
        parameters,
        inputs as { ids: Tensor; lengths: Tensor },
        options,
      );
      return { outputs: { sequence, best: argmax(sequence) } };
    },
  };
}

/** A convolution's gradients, noise and other kernels that pre-training does not use. */
const convolution: Exported<{ weight: TensorSpec }, { x: TensorSpec; key: TensorSpec }> = {
  state: { weight: spec([5, 3, 3, 4]) },
  inputs: { x: spec([2, 6, 4, 4]), key: spec([2], "int32") },
  body: (state, inputs) => {
    const { weight } = state as unknown as { weight: Tensor };
    const { x, key } = inputs as unknown as { x: Tensor; key: Tensor };
    const noisy = add(dropout(x, foldIn(key, 1), 0.3), normal(foldIn(key, 2), x.shape));
    const y = upsample2x(conv2d(cast(noisy, "bfloat16"), weight));
    const loss = sum(softmax(add(y, gumbel(key, y.shape))));
    return { outputs: { loss, slope: gradient(loss, weight)! } };
  },
};

const failing: Exported<unknown, { x: TensorSpec }> = {
  state: {},
  inputs: { x: spec([4]) },
  fails: true,
  values: { x: new Float32Array(4) },
  body: (_state, inputs) => {
    const { x } = inputs as unknown as { x: Tensor };
    return { outputs: { y: checkFinite(divide(x, x)) } };
  },
};

test("programs that cover the kernels are exported for native/sanitize.sh", () => {
  const folder = join(import.meta.dirname, "../build/programs");
  mkdirSync(folder, { recursive: true });
  const programs = {
    "pretraining-float32": pretraining("float32"),
    "pretraining-bfloat16": pretraining("bfloat16"),
    "inference-bfloat16": inference("bfloat16"),
    "inference-int8": inference("int8"),
    "inference-int8-weights": inference("int8-weights"),
    convolution,
    failing,
  };
  for (const [name, exported] of Object.entries(programs)) {
    const file = programFile(exported as Exported<unknown, unknown>);
    expect(file.length).toBeGreaterThan(100);
    writeFileSync(join(folder, `${name}.program`), file);
  }
});
