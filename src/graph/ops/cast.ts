import { type Dtype, type Op, type Tensor, TensorSpec } from "../tensor.js";
import { apply } from "../trace.js";
import { isFloat } from "./require.js";

const castOp: Op<{ dtype: Dtype }> = {
  name: "cast",
  recompute: true,
  infer: ([x], { dtype }) => [new TensorSpec(x!.shape, dtype)],
  gradient({ inputs: [x] }, [dy]) {
    return [dy && isFloat(x!.dtype) ? cast(dy, x!.dtype) : undefined];
  },
  reference({ inputs: [x], outputs: [y] }) {
    if (!x || !y) return;
    const whole = y.dtype === "int32" ? truncate : y.dtype === "int8" ? saturate : undefined;
    for (let i = 0; i < y.data.length; i++) {
      const value = x.data[i]!;
      y.data[i] = whole ? whole(value) : value;
    }
  },
};

/** Drops the fraction and clamps to the signed 32-bit range; NaN becomes 0 where it is stored. */
const truncate = (value: number): number =>
  Math.min(Math.max(Math.trunc(value), -(2 ** 31)), 2 ** 31 - 1);

/** Rounds half to even and clamps to the signed 8-bit range. */
export function saturate(value: number): number {
  const floor = Math.floor(value);
  const tie = value - floor === 0.5;
  const rounded = tie ? floor + (floor & 1) : Math.round(value);
  return Math.min(Math.max(rounded, -128), 127);
}

/** x converted to `dtype`; x itself if it has that dtype already. */
export function cast(x: Tensor, dtype: Dtype): Tensor {
  return x.dtype === dtype ? x : apply(castOp, [x], { dtype });
}

/** x in memory of its own. */
export function copied(x: Tensor): Tensor {
  return apply(castOp, [x], { dtype: x.dtype });
}
