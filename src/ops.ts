/**
 * Operations on symbolic tensors, to be traced by `compile` of `flava/engine`. Shapes are checked while tracing; a wrong
 * one is a `ShapeError`, which names the operation, its place in the model and the shapes.
 *
 * @module flava/ops
 *
 * @example
 * import { State, compile, openBackend, spec } from "flava/engine";
 * import { l2Normalize, product } from "flava/ops";
 *
 * const backend = openBackend();
 * const inputs = { a: spec([2, 3]), b: spec([4, 3]) };
 * const program = compile({ state: new State(backend, {}), inputs }, (_, { a, b }) => ({
 *   outputs: { cosines: product(l2Normalize(a), l2Normalize(b), { transposeB: true }) }, // [2, 4]
 * }));
 * const a = Float32Array.of(1, 0, 0, 0, 2, 0);
 * const { cosines } = await program.run({ a, b: new Float32Array(12).fill(1) });
 * console.log(cosines);
 * backend.dispose();
 */
export { affine } from "./graph/ops/affine.js";
export {
  type Operand,
  add,
  divide,
  equal,
  less,
  maximum,
  minimum,
  multiply,
  select,
  subtract,
} from "./graph/ops/arithmetic.js";
export { type AttentionOptions, attention, selfAttention } from "./graph/ops/attention.js";
export { broadcast, sum, sumTo } from "./graph/ops/broadcast.js";
export { cast } from "./graph/ops/cast.js";
export { concatenate } from "./graph/ops/concatenate.js";
export { conv2d } from "./graph/ops/convolution.js";
export {
  type LinearCrossEntropyOptions,
  linearCrossEntropy,
  softmaxCrossEntropy,
} from "./graph/ops/cross-entropy.js";
export {
  absolute,
  clamp,
  cosine,
  exp,
  gelu,
  log,
  relu,
  sigmoid,
  sign,
  sqrt,
  stopGradient,
  tanh,
} from "./graph/ops/elementwise.js";
export { fill } from "./graph/ops/fill.js";
export { gatherRows, scatterAddRows } from "./graph/ops/gather.js";
export { l2Normalize } from "./graph/ops/l2-normalize.js";
export { type LayerNormOptions, layerNorm } from "./graph/ops/layer-norm.js";
export { type ProductOptions, linear, product } from "./graph/ops/matmul.js";
export { allGather, allReduce, reduceScatter } from "./graph/ops/collective.js";
export type { World } from "./graph/world.js";
export { permute } from "./graph/ops/permute.js";
export { maxPool2x2, upsample2x } from "./graph/ops/pool.js";
export {
  type QuantizedLinearOptions,
  quantizeWeights,
  quantizedLinear,
} from "./graph/ops/quantize.js";
export { quantizedScan } from "./graph/ops/quantized-scan.js";
export { dropout, foldIn, gumbel, normal, uniform } from "./graph/ops/random.js";
export { argmax, maximumOf, mean } from "./graph/ops/reduce.js";
export { reshape } from "./graph/ops/reshape.js";
export { pad, slice } from "./graph/ops/slice.js";
export { softmax } from "./graph/ops/softmax.js";
export { checkFinite, copyInto } from "./graph/ops/update.js";
export type { Dtype, Shape, Tensor } from "./graph/tensor.js";
