/** One step of training the image codebook: the dVAE that gives images their visual tokens (flava.md 2.6). */
import { type Program, compile } from "../../backend/program.js";
import type { State } from "../../backend/state.js";
import { type Partly, leavesOf, mapTree } from "../../base/tree.js";
import { gradient } from "../../graph/gradient.js";
import { add } from "../../graph/ops/arithmetic.js";
import { affine } from "../../graph/ops/affine.js";
import { checkFinite } from "../../graph/ops/update.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import { codebookParameters } from "../../model/codebook.js";
import { codebookDecoderParameters } from "../../model/codebook-decoder.js";
import type { CodebookConfig } from "../../model/config.js";
import type { Parameter } from "../../nn/parameter.js";
import type { Precision } from "../../nn/precision.js";
import {
  type Autoencoder,
  type ReconstructionLosses,
  reconstructionLosses,
} from "../../objective/reconstruction.js";
import { type AdamWOptions, type Moments, adamW, adamWMoments } from "../../optim/adamw.js";
import { clipByGlobalNorm } from "../../optim/clip.js";
import { type CosineOptions, cosineBetween } from "../../optim/schedule.js";

export interface CodebookState<T> {
  readonly parameters: Autoencoder<T>;
  /** Exponential moving average of the parameters: what is used in the end. */
  readonly average: Autoencoder<T>;
  readonly moments: Moments<T>;
  /** Steps made, float32 []. */
  readonly step: T;
}

export function autoencoderParameters(config: CodebookConfig): Autoencoder<Parameter> {
  return { codebook: codebookParameters(config), decoder: codebookDecoderParameters(config) };
}

export function codebookState(config: CodebookConfig): CodebookState<TensorSpec> {
  const parameters = autoencoderParameters(config);
  const average = mapTree(parameters, ({ shape }: Parameter) => spec(shape));
  return { parameters, average, moments: adamWMoments(parameters), step: spec([]) };
}

export interface CodebookStepOptions {
  readonly config: CodebookConfig;
  readonly precision: Precision;
  readonly learningRate: (step: Tensor) => Tensor;
  /** Of the relaxed choice: DALL-E's goes from 1 to 1/16. */
  readonly temperature: CosineOptions;
  /** Weight of the divergence: DALL-E's goes from 0 to 6.6. */
  readonly divergenceWeight: CosineOptions;
  /** Limit of the gradient's norm. */
  readonly clip: number;
  /** How much of the average stays at each step; DALL-E's: 0.999. */
  readonly averaging: number;
  readonly optimizer?: AdamWOptions;
}

/** What a step takes: pixels mapped to [0.1, 0.9], float32 [B, 3, H, W], and a key for the noise, int32 [2]. */
export interface CodebookInputs<T> {
  readonly pixels: T;
  readonly key: T;
}

/** Each float32 []. */
export interface CodebookOutputs extends ReconstructionLosses {
  readonly rate: Tensor;
  readonly norm: Tensor;
  /** Norm of what was added to the parameters. */
  readonly updateNorm: Tensor;
  readonly temperature: Tensor;
}

export function codebookStep(
  state: State<CodebookState<TensorSpec>>,
  inputs: CodebookInputs<TensorSpec>,
  options: CodebookStepOptions,
): Program<CodebookInputs<TensorSpec>, CodebookOutputs> {
  const { config, precision, averaging } = options;
  return compile({ state, inputs }, (s, { pixels, key }) => {
    const parameters = s.parameters as Autoencoder<Tensor>;
    const step = affine(s.step, 1, 1);
    const temperature = cosineBetween(step, options.temperature);
    const divergenceWeight = cosineBetween(step, options.divergenceWeight);
    const relaxation = { key, temperature, divergenceWeight };
    const losses = reconstructionLosses(parameters, config, pixels, relaxation, precision);
    const gradients = gradient(checkFinite(losses.total), parameters);
    const { norm, scale } = clipByGlobalNorm(gradients, options.clip);
    const learningRate = options.learningRate(step);
    const next = adamW(
      { parameters, moments: s.moments, gradients, learningRate, step, scale },
      options.optimizer,
    );
    const average = averaged(s.average as Autoencoder<Tensor>, next.parameters, averaging);
    return {
      outputs: { ...losses, rate: learningRate, norm, updateNorm: next.updateNorm, temperature },
      state: { parameters: next.parameters, moments: next.moments, average, step },
    };
  });
}

/** The average after an update of the parameters. */
function averaged<P>(average: P, parameters: Partly<P, Tensor>, stays: number): P {
  const updated = new Map(leavesOf<Tensor>(parameters));
  return mapTree(average, (old: Tensor, path) => {
    const now = updated.get(path);
    return now ? add(affine(old, stays, 0), affine(now, 1 - stays, 0)) : old;
  }) as P;
}
