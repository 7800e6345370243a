/** Weights that do not change while a program is in use are rearranged once for the native kernels. */
import { apply } from "./trace.js";
import { type MatmulAttributes, matmulOp } from "./ops/matmul.js";
import {
  type QuantizedMatmulAttributes,
  packQuantized,
  packWeights,
  quantizedMatmulOp,
} from "./ops/quantize.js";
import { rewrite } from "./rewrite.js";
import type { Tensor } from "./tensor.js";

/** Replaces the second factor of every product by its packed form where it is `constant`. */
export function packConstants(roots: readonly Tensor[], constant: ReadonlySet<Tensor>): Tensor[] {
  return rewrite(roots, (node, inputs) => {
    const [a, b, ...others] = inputs as [Tensor, Tensor, ...Tensor[]];
    if (node.attributes.packedB !== false || !constant.has(node.inputs[1]!)) return undefined;
    if (node.op.name === matmulOp.name) {
      const attributes = node.attributes as MatmulAttributes;
      if (attributes.geluB) return undefined;
      const results = [a, packWeights(b, attributes), ...others];
      return apply(matmulOp, results, { ...attributes, packedB: true }).node.outputs;
    }
    if (node.op.name === quantizedMatmulOp.name) {
      const attributes = node.attributes as QuantizedMatmulAttributes;
      const results = [a, packQuantized(b, attributes), ...others];
      return apply(quantizedMatmulOp, results, { ...attributes, packedB: true }).node.outputs;
    }
    return undefined;
  });
}
