import { type Op, type Tensor, spec } from "../tensor.js";
import { apply } from "../trace.js";
import { requireFloat } from "./require.js";

const l2NormalizeOp: Op<{ epsilon: number }> = {
  name: "l2Normalize",
  infer([x]) {
    requireFloat("l2Normalize", x!);
    return [x!, spec(x!.shape.slice(0, -1))];
  },
  gradient: ({ outputs, attributes }, [dy]) => [
    dy && apply(l2NormalizeGradientOp, [...outputs, dy], attributes),
  ],
  schema: { epsilon: "number" },
  reference({ inputs: [x], outputs: [y, norms], attributes: { epsilon } }) {
    if (!x || !y || !norms) return;
    const width = x.data.length / norms.data.length;
    for (let row = 0; row < norms.data.length; row++) {
      const start = row * width;
      let squares = 0;
      for (let i = 0; i < width; i++) squares += x.data[start + i]! ** 2;
      const norm = Math.sqrt(squares);
      norms.data[row] = norm;
      for (let i = 0; i < width; i++)
        y.data[start + i] = x.data[start + i]! / Math.max(norm, epsilon);
    }
  },
};

/** dX from y, the norms of the rows of x, and dY. Rows with a norm below epsilon were divided by epsilon. */
const l2NormalizeGradientOp: Op<{ epsilon: number }> = {
  name: "l2NormalizeGradient",
  infer: ([y]) => [y!],
  schema: { epsilon: "number" },
  reference({ inputs: [y, norms, dy], outputs: [dx], attributes: { epsilon } }) {
    if (!y || !norms || !dy || !dx) return;
    const width = y.data.length / norms.data.length;
    for (let row = 0; row < norms.data.length; row++) {
      const start = row * width;
      const norm = norms.data[row]!;
      let along = 0; // the component of dY along y, which does not change the direction
      if (norm > epsilon) {
        for (let i = 0; i < width; i++) along += y.data[start + i]! * dy.data[start + i]!;
      }
      for (let i = 0; i < width; i++) {
        dx.data[start + i] =
          (dy.data[start + i]! - along * y.data[start + i]!) / Math.max(norm, epsilon);
      }
    }
  },
};

/** Every row of x [..., D] divided by its Euclidean norm, or by `epsilon` if that is greater. */
export function l2Normalize(x: Tensor, epsilon = 1e-12): Tensor {
  return apply(l2NormalizeOp, [x], { epsilon });
}
