/** The kernels by the names of their operations. */
import type { Instruction } from "../../../graph/plan.js";
import type { Kernel, KernelCall } from "../pass.js";
import { attentionGradientKernel } from "./attention-gradient.js";
import { attentionKernel } from "./attention.js";
import { convolutionKernel, convolutionWeightGradientKernel } from "./convolution.js";
import { crossEntropyGradientKernel, crossEntropyKernel } from "./cross-entropy.js";
import { checkFiniteKernel, copyKernel, fillKernel } from "./elementwise.js";
import { gatherRowsKernel, scatterAddRowsKernel } from "./gather.js";
import { matmulKernel } from "./matmul.js";
import { concatenateKernel, padKernel, permuteKernel, sliceKernel } from "./movement.js";
import * as normalization from "./normalization.js";
import { adamWKernel } from "./optimizer.js";
import * as pool from "./pool.js";
import { quantizeWeightsKernel, quantizedMatmulKernel, quantizedScanKernel } from "./quantized.js";
import * as random from "./random.js";
import { argmaxKernel, maximumOfKernel, sumKernel, sumOfSquaresKernel } from "./reduce.js";

/** All but the elementwise ones, which `elementwise.ts` has. */
const kernels: Readonly<Record<string, (call: KernelCall) => Kernel>> = {
  adamW: adamWKernel,
  argmax: argmaxKernel,
  attention: attentionKernel,
  attentionGradient: attentionGradientKernel,
  checkFinite: checkFiniteKernel,
  concatenate: concatenateKernel,
  conv2d: convolutionKernel,
  conv2dWeightGradient: convolutionWeightGradientKernel,
  copy: copyKernel,
  dropout: random.dropoutKernel,
  fill: fillKernel,
  foldIn: random.foldInKernel,
  gatherRows: gatherRowsKernel,
  gumbel: random.gumbelKernel,
  l2Normalize: normalization.l2NormalizeKernel,
  l2NormalizeGradient: normalization.l2NormalizeGradientKernel,
  layerNorm: normalization.layerNormKernel,
  layerNormGradient: normalization.layerNormGradientKernel,
  matmul: matmulKernel,
  maxPool2x2: pool.maxPoolKernel,
  maxPool2x2Gradient: pool.maxPoolGradientKernel,
  maximumOf: maximumOfKernel,
  normal: random.normalKernel,
  pad: padKernel,
  permute: permuteKernel,
  quantizeWeights: quantizeWeightsKernel,
  quantizedMatmul: quantizedMatmulKernel,
  quantizedScan: quantizedScanKernel,
  scatterAddRows: scatterAddRowsKernel,
  slice: sliceKernel,
  softmax: normalization.softmaxKernel,
  softmaxCrossEntropy: crossEntropyKernel,
  softmaxCrossEntropyGradient: crossEntropyGradientKernel,
  softmaxGradient: normalization.softmaxGradientKernel,
  sum: sumKernel,
  sumOfSquares: sumOfSquaresKernel,
  uniform: random.uniformKernel,
  upsample2x: pool.upsampleKernel,
  upsample2xGradient: pool.upsampleGradientKernel,
};

/** The kernel of an instruction; throws if WebGPU has none for it. */
export function kernelOf(
  { op, label, inputs, outputs, attributes }: Instruction,
  scratch: KernelCall["scratch"],
): Kernel {
  const kernel = kernels[op.name];
  if (kernel) return kernel({ inputs, outputs, attributes, scratch });
  throw new Error(
    `The WebGPU backend does not have the operation ${label}. Use another backend: native, wasm or reference.`,
  );
}
