/** Elementwise functions of one tensor. Shape and dtype are kept. */
import type { Op, Tensor } from "../tensor.js";
import { apply } from "../trace.js";
import { affine } from "./affine.js";
import { divide, multiply, subtract } from "./arithmetic.js";
import { geluDerivative, geluOf } from "./erf.js";
import { pointwise, pointwiseGradient } from "./pointwise.js";
import { requireFloat } from "./require.js";

type None = Record<string, never>;

export const geluGradient = pointwiseGradient<None>(
  "geluGradient",
  (x, dy) => dy * geluDerivative(x),
  {
    fusesAs: "geluGradient",
  },
);
const reluGradient = pointwiseGradient<None>("reluGradient", (x, dy) => (x > 0 ? dy : 0));

/** e to the power x, in the shape and dtype of x, as all functions of one tensor here. */
export const exp = pointwise("exp", Math.exp, (_x, y, dy) => multiply(dy, y));
/** Natural logarithm. */
export const log = pointwise("log", Math.log, (x, _y, dy) => divide(dy, x));
/** The hyperbolic tangent of x. */
export const tanh = pointwise("tanh", Math.tanh, (_x, y, dy) =>
  subtract(dy, multiply(dy, multiply(y, y))),
);
/** x·Φ(x) with the exact normal distribution (the erf form that FLAVA uses; flava.md 1.1). */
export const gelu = pointwise("gelu", geluOf, (x, _y, dy) => geluGradient(x, dy, {}), {
  recompute: true,
  fusesAs: "gelu",
});
/** The larger one of x and 0; its gradient at 0 is 0. */
export const relu = pointwise(
  "relu",
  (x) => Math.max(x, 0),
  (x, _y, dy) => reluGradient(x, dy, {}),
  { recompute: true, fusesAs: "relu" },
);
/** 1 / (1 + e^-x). */
export const sigmoid = pointwise(
  "sigmoid",
  (x) => 1 / (1 + Math.exp(-x)),
  (_x, y, dy) => multiply(dy, subtract(y, multiply(y, y))),
);
/** The square root of x. */
export const sqrt = pointwise("sqrt", Math.sqrt, (_x, y, dy) => affine(divide(dy, y), 0.5, 0));
/** cos(x), x in radians. */
export const cosine = pointwise("cosine", Math.cos, (x, _y, dy) =>
  multiply(dy, cosine(affine(x, 1, Math.PI / 2))),
);
/** |x|; its gradient at 0 is 0. */
export const absolute = pointwise("absolute", Math.abs, (x, _y, dy) => multiply(dy, sign(x)));
/** -1, 0 or 1, through which no gradient passes. */
export const sign = pointwise("sign", Math.sign, () => undefined);

type Bounds = { low: number; high: number };
const boundsSchema = { low: "number", high: "number" } as const;

const clampGradient = pointwiseGradient<Bounds>(
  "clampGradient",
  (x, dy, { low, high }) => (x >= low && x <= high ? dy : 0),
  { schema: boundsSchema },
);

const clampOp: Op<Bounds> = {
  name: "clamp",
  infer([x]) {
    requireFloat("clamp", x!);
    return [x!];
  },
  gradient: ({ inputs: [x], attributes }, [dy]) => [dy && clampGradient(x!, dy, attributes)],
  schema: boundsSchema,
  inPlace: () => [[0, 0]],
  reference({ inputs: [x], outputs: [y], attributes: { low, high } }) {
    if (!x || !y) return;
    for (let i = 0; i < y.data.length; i++) {
      y.data[i] = Math.min(Math.max(x.data[i]!, low), high);
    }
  },
};

/** x clamped to [low, high]. The gradient is passed inside and at the bounds. */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  return apply(clampOp, [x], { low, high });
}

const stopGradientOp: Op<None> = {
  name: "stopGradient",
  view: true,
  recompute: true, // keeping it would keep its input
  infer: ([x]) => [x!],
  gradient: () => [],
  reference() {
    // A view: nothing to compute.
  },
};

/** x, through which no gradient passes. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientOp, [x], {});
}
