import type { Op, Tensor } from "../tensor.js";
import { apply } from "../trace.js";

const affineOp: Op<{ a: number; b: number }> = {
  name: "affine",
  infer: ([x]) => [x!],
  gradient: ({ attributes: { a } }, [dy]) => [dy && affine(dy, a, 0)],
  schema: { a: "number", b: "number" },
  inPlace: () => [[0, 0]],
  reference({ inputs: [x], outputs: [y], attributes: { a, b } }) {
    if (!x || !y) return;
    for (let i = 0; i < y.data.length; i++) y.data[i] = a * x.data[i]! + b;
  },
};

/** a·x + b with constants a and b, element by element, in the shape and dtype of x. */
export function affine(x: Tensor, a: number, b: number): Tensor {
  return apply(affineOp, [x], { a, b });
}
