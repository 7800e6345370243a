/** Broadcasting and sums over axes: each is the gradient of the other. */
import { type Dtype, type Op, type Shape, type Tensor, TensorSpec, sameShape } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { cast } from "./cast.js";
import { type Reduction, kept, reduce, reduction } from "./reduction.js";
import { requireFloat } from "./require.js";
import { reshape } from "./reshape.js";
import { broadcastPositions } from "./strides.js";

/** The common shape of two operands: axes are matched from the last, and size 1 is broadcast. */
export function broadcastShape(name: string, a: TensorSpec, b: TensorSpec): Shape {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizeAt = ({ shape }: TensorSpec, axis: number): number =>
    shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) => {
    const [m, n] = [sizeAt(a, axis), sizeAt(b, axis)];
    if (m !== n && m !== 1 && n !== 1) throw shapeError(name, [a, b], "shapes that broadcast");
    return m === 1 ? n : m;
  });
}

const broadcastOp: Op<{ shape: Shape }> = {
  name: "broadcast",
  recompute: true,
  infer([x], { shape }) {
    const { dtype } = x!;
    requireFloat("broadcast", x!);
    const result = new TensorSpec(shape, dtype);
    if (!sameShape(broadcastShape("broadcast", x!, result), shape)) {
      throw shapeError("broadcast", [x!], `a shape that stretches to [${shape.join(", ")}]`);
    }
    return [result];
  },
  gradient({ inputs: [x] }, [dy]) {
    const { shape, dtype } = x!;
    return [dy && sumTo(dy, shape, dtype)];
  },
  reference({ inputs: [x], outputs: [y] }) {
    if (!x || !y) return;
    broadcastPositions(x.shape, y.shape).forEach((from, to) => {
      y.data[to] = x.data[from]!;
    });
  },
};

/** x repeated along new leading axes and along its axes of size 1, up to `shape`. */
export function broadcast(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(broadcastOp, [x], { shape });
}

/** x summed over the axes along which `shape` would be broadcast to it: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape, dtype: Dtype = x.dtype): Tensor {
  if (sameShape(x.shape, shape)) return cast(x, dtype);
  const added = x.shape.length - shape.length;
  const axes = x.shape.flatMap((_, axis) =>
    axis < added || shape[axis - added] === 1 ? [axis] : [],
  );
  return reshape(sum(x, axes, dtype), shape);
}

const sumOp: Op<Reduction> = {
  ...reduction("sum", 0, (a, b) => a + b),
  gradient: ({ inputs: [x], attributes }, [dy]) => [
    dy && broadcast(kept(dy, x!, attributes), x!.shape),
  ],
};

/**
 * The sum over `axes` (default: all), accumulated in float32 and stored as `dtype` (default: that of x). The axes
 * are removed, or kept with size 1 if `keep` is set.
 */
export function sum(
  x: Tensor,
  axes?: readonly number[],
  dtype: Dtype = x.dtype,
  keep = false,
): Tensor {
  return reduce(sumOp, x, axes, dtype, keep);
}
