import { rewrite } from "./rewrite.js";
import type { Tensor } from "./tensor.js";

/**
 * Packs constant weights once for the native kernels: the second input of every product, if it is `constant`.
 */
export function packConstants(roots: readonly Tensor[], constant: ReadonlySet<Tensor>): Tensor[] {
  return rewrite(roots, ({ op, attributes, inputs: [, weight], outputs }, inputs) => {
    if (!weight || !constant.has(weight)) return undefined;
    return op.withPackedWeight?.({ inputs, outputs, attributes });
  });
}
