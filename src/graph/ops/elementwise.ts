/** Functions of one tensor, element by element. Each keeps shape and dtype and has a native kernel of its name. */
import { type Op, apply } from "../op.js";
import { type Attributes, type Dtype, Tensor, TensorSpec } from "../tensor.js";
import { divide, multiply, subtract } from "./arithmetic.js";
import { geluSlope, normalCumulative } from "./erf.js";
import { isFloat, requireFloat } from "./require.js";

type None = Record<string, never>;

/** An elementwise operation; `gradient` gives dX from x, y and dY. */
function elementwise(
  name: string,
  f: (x: number) => number,
  gradient?: (x: Tensor, y: Tensor, dy: Tensor) => Tensor,
  recompute = false,
): (x: Tensor) => Tensor {
  const op: Op<None> = {
    name,
    recompute,
    infer([x]) {
      requireFloat(name, x!);
      return [x!];
    },
    ...(gradient && {
      gradient: ({ inputs, outputs }, [dy]) => [dy && gradient(inputs[0]!, outputs[0]!, dy)],
    }),
    inPlace: () => [[0, 0]],
    reference({ inputs: [x], outputs: [y] }) {
      if (!x || !y) return;
      for (let i = 0; i < y.data.length; i++) y.data[i] = f(x.data[i]!);
    },
  };
  return (x) => apply(op, [x], {});
}

/** An elementwise operation of two tensors of one shape: a gradient rule's kernel. The result has the dtype of dY. */
export function gradientKernel<A extends Attributes>(
  name: string,
  f: (value: number, dy: number, attributes: A) => number,
  encode?: (attributes: A) => readonly number[],
): (value: Tensor, dy: Tensor, attributes: A) => Tensor {
  const op: Op<A> = {
    name,
    infer([value, dy]) {
      requireFloat(name, value!);
      return [new TensorSpec(value!.shape, dy!.dtype)];
    },
    ...(encode && { encode }),
    inPlace: (_attributes, [value, dy]) =>
      value?.dtype === dy?.dtype
        ? [
            [0, 1],
            [0, 0],
          ]
        : [[0, 1]],
    reference({ inputs: [value, dy], outputs: [dx], attributes }) {
      if (!value || !dy || !dx) return;
      for (let i = 0; i < dx.data.length; i++) {
        dx.data[i] = f(value.data[i]!, dy.data[i]!, attributes);
      }
    },
  };
  return (value, dy, attributes) => apply(op, [value, dy], attributes);
}

export const geluGradient = gradientKernel<None>("geluGradient", (x, dy) => dy * geluSlope(x));
const reluGradient = gradientKernel<None>("reluGradient", (x, dy) => (x > 0 ? dy : 0));

/** e to the power x. */
export const exp = elementwise("exp", Math.exp, (_x, y, dy) => multiply(dy, y));
/** Natural logarithm. */
export const log = elementwise("log", Math.log, (x, _y, dy) => divide(dy, x));
export const tanh = elementwise("tanh", Math.tanh, (_x, y, dy) =>
  subtract(dy, multiply(dy, multiply(y, y))),
);
/** x·Φ(x) with the exact normal distribution (the erf form that FLAVA uses; flava.md 1.1). */
export const gelu = elementwise(
  "gelu",
  (x) => x * normalCumulative(x),
  (x, _y, dy) => geluGradient(x, dy, {}),
  true,
);
export const relu = elementwise(
  "relu",
  (x) => (x > 0 ? x : 0),
  (x, _y, dy) => reluGradient(x, dy, {}),
  true,
);
export const sigmoid = elementwise(
  "sigmoid",
  (x) => 1 / (1 + Math.exp(-x)),
  (_x, y, dy) => multiply(dy, subtract(y, multiply(y, y))),
);
export const sqrt = elementwise("sqrt", Math.sqrt, (_x, y, dy) => affine(divide(dy, y), 0.5, 0));
export const negate = elementwise(
  "negate",
  (x) => -x,
  (_x, _y, dy) => negate(dy),
);
export const reciprocal = elementwise(
  "reciprocal",
  (x) => 1 / x,
  (_x, y, dy) => negate(multiply(dy, multiply(y, y))),
);
export const cosine = elementwise("cosine", Math.cos);
/** |x|; its gradient at 0 is 0. */
export const absolute = elementwise("absolute", Math.abs, (x, _y, dy) => multiply(dy, sign(x)));
/** -1, 0 or 1; no gradient passes. */
export const sign = elementwise("sign", Math.sign);

const affineOp: Op<{ a: number; b: number }> = {
  name: "affine",
  infer: ([x]) => [x!],
  gradient: ({ attributes: { a } }, [dy]) => [dy && affine(dy, a, 0)],
  encode: ({ a, b }) => [a, b],
  inPlace: () => [[0, 0]],
  reference({ inputs: [x], outputs: [y], attributes: { a, b } }) {
    if (!x || !y) return;
    for (let i = 0; i < y.data.length; i++) y.data[i] = a * x.data[i]! + b;
  },
};

/** a·x + b with constants a and b. */
export function affine(x: Tensor, a: number, b: number): Tensor {
  return apply(affineOp, [x], { a, b });
}

type Bounds = { low: number; high: number };

const clampGradient = gradientKernel<Bounds>(
  "clampGradient",
  (x, dy, { low, high }) => (x >= low && x <= high ? dy : 0),
  ({ low, high }) => [low, high],
);

const clampOp: Op<Bounds> = {
  name: "clamp",
  infer([x]) {
    requireFloat("clamp", x!);
    return [x!];
  },
  gradient: ({ inputs: [x], attributes }, [dy]) => [dy && clampGradient(x!, dy, attributes)],
  encode: ({ low, high }) => [low, high],
  inPlace: () => [[0, 0]],
  reference({ inputs: [x], outputs: [y], attributes: { low, high } }) {
    if (!x || !y) return;
    for (let i = 0; i < y.data.length; i++) {
      y.data[i] = Math.min(Math.max(x.data[i]!, low), high);
    }
  },
};

/** x held within [low, high]; the gradient passes inside and at the bounds. */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  return apply(clampOp, [x], { low, high });
}

const castOp: Op<{ dtype: Dtype }> = {
  name: "cast",
  recompute: true,
  infer: ([x], { dtype }) => [new TensorSpec(x!.shape, dtype)],
  gradient({ inputs: [x] }, [dy]) {
    return [dy && isFloat(x!.dtype) ? cast(dy, x!.dtype) : undefined];
  },
  reference({ inputs: [x], outputs: [y] }) {
    if (!x || !y) return;
    const whole = y.dtype === "int32" ? Math.trunc : y.dtype === "int8" ? saturate : undefined;
    for (let i = 0; i < y.data.length; i++) {
      const value = x.data[i]!;
      y.data[i] = whole ? whole(value) : value;
    }
  },
};

/** Rounds half to even and holds within the signed 8-bit range. */
export function saturate(value: number): number {
  const floor = Math.floor(value);
  const tie = value - floor === 0.5;
  const rounded = tie ? floor + (floor & 1) : Math.round(value);
  return Math.min(Math.max(rounded, -128), 127);
}

/** x stored as another dtype; x itself when it is stored so already. */
export function cast(x: Tensor, dtype: Dtype): Tensor {
  return x.dtype === dtype ? x : apply(castOp, [x], { dtype });
}

const stopGradientOp: Op<None> = {
  name: "stopGradient",
  view: true,
  recompute: true, // keeping it would keep its input
  infer: ([x]) => [x!],
  reference() {
    // A view: nothing to compute.
  },
};

/** x itself, through which no gradient passes. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientOp, [x], {});
}
