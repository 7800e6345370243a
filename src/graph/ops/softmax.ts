import type { Op, Tensor } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { requireFloat } from "./require.js";

const softmaxOp: Op = {
  name: "softmax",
  infer([x]) {
    requireFloat("softmax", x!);
    if (x!.shape.length === 0) throw shapeError("softmax", [x!], "at least one axis");
    return [x!];
  },
  gradient: ({ outputs: [y] }, [dy]) => [dy && apply(softmaxGradientOp, [y!, dy], {})],
  reference({ inputs: [x], outputs: [y] }) {
    if (!x || !y) return;
    const width = x.shape.at(-1)!;
    for (let start = 0; start < x.data.length; start += width) {
      let greatest = -Infinity;
      for (let i = 0; i < width; i++) greatest = Math.max(greatest, x.data[start + i]!);
      let total = 0;
      for (let i = 0; i < width; i++) total += Math.exp(x.data[start + i]! - greatest);
      for (let i = 0; i < width; i++) {
        y.data[start + i] = Math.exp(x.data[start + i]! - greatest) / total;
      }
    }
  },
};

/** dX = y·(dY - Σ y·dY) along the last axis. */
const softmaxGradientOp: Op = {
  name: "softmaxGradient",
  infer: ([y]) => [y!],
  reference({ inputs: [y, dy], outputs: [dx] }) {
    if (!y || !dy || !dx) return;
    const width = y.shape.at(-1)!;
    for (let start = 0; start < y.data.length; start += width) {
      let mean = 0;
      for (let i = 0; i < width; i++) mean += y.data[start + i]! * dy.data[start + i]!;
      for (let i = 0; i < width; i++) {
        dx.data[start + i] = y.data[start + i]! * (dy.data[start + i]! - mean);
      }
    }
  },
};

/** exp(x) divided by its sum along the last axis: rows sum to 1. */
export function softmax(x: Tensor): Tensor {
  return apply(softmaxOp, [x], {});
}
