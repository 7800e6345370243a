/** Pooling and upsampling of images [B, H, W, C] by a factor of 2. */
import { type Op, type ReferenceTensor, type Shape, type Tensor, TensorSpec } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { requireFloat } from "./require.js";

type None = Record<string, never>;

function requireImage(name: string, x: Tensor, even: boolean): void {
  requireFloat(name, x);
  const [, H, W] = x.shape;
  if (x.shape.length !== 4) throw shapeError(name, [x], "images [B, H, W, C]");
  if (even && (H! % 2 !== 0 || W! % 2 !== 0)) throw shapeError(name, [x], "even height and width");
}

function scaled([B, H, W, C]: Shape, factor: number): Shape {
  return [B!, H! * factor, W! * factor, C!];
}

/** Visits every element of the smaller image with the indices of the four that it covers in the larger one. */
function forEachSquare(
  smaller: ReferenceTensor,
  visit: (index: number, square: readonly [number, number, number, number]) => void,
): void {
  const [, , W, C] = smaller.shape as [number, number, number, number];
  for (let index = 0; index < smaller.data.length; index++) {
    const c = index % C;
    const column = Math.floor(index / C) % W;
    const row = Math.floor(index / (C * W)); // counted through all images
    const first = (row * 4 * W + column * 2) * C + c;
    visit(index, [first, first + C, first + 2 * W * C, first + 2 * W * C + C]);
  }
}

const maxPoolOp: Op<None> = {
  name: "maxPool2x2",
  infer([x]) {
    requireImage("maxPool2x2", x!, true);
    const shape = scaled(x!.shape, 0.5);
    return [new TensorSpec(shape, x!.dtype), new TensorSpec(shape, "int8")];
  },
  gradient({ outputs: [, which] }, [dy]) {
    return [dy && apply(maxPoolGradientOp, [which!, dy], {})];
  },
  reference({ inputs: [x], outputs: [y, which] }) {
    if (!x || !y || !which) return;
    forEachSquare(y, (index, square) => {
      const values = square.map((at) => x.data[at]!);
      const highest = Math.max(...values);
      y.data[index] = highest;
      which.data[index] = values.indexOf(highest);
    });
  },
};

const maxPoolGradientOp: Op<None> = {
  name: "maxPool2x2Gradient",
  infer: ([, dy]) => [new TensorSpec(scaled(dy!.shape, 2), dy!.dtype)],
  reference({ inputs: [which, dy], outputs: [dx] }) {
    if (!which || !dy || !dx) return;
    forEachSquare(dy, (index, square) => {
      for (const [corner, at] of square.entries()) {
        dx.data[at] = corner === which.data[index] ? dy.data[index]! : 0;
      }
    });
  },
};

/** The maximum of every 2x2 pixels, per channel: [B, H, W, C] -> [B, H/2, W/2, C]. */
export function maxPool2x2(x: Tensor): Tensor {
  return apply(maxPoolOp, [x], {});
}

const upsampleOp: Op<None> = {
  name: "upsample2x",
  infer([x]) {
    requireImage("upsample2x", x!, false);
    return [new TensorSpec(scaled(x!.shape, 2), x!.dtype)];
  },
  gradient: (_call, [dy]) => [dy && apply(upsampleGradientOp, [dy], {})],
  reference({ inputs: [x], outputs: [y] }) {
    if (!x || !y) return;
    forEachSquare(x, (index, square) => {
      for (const at of square) y.data[at] = x.data[index]!;
    });
  },
};

const upsampleGradientOp: Op<None> = {
  name: "upsample2xGradient",
  infer: ([dy]) => [new TensorSpec(scaled(dy!.shape, 0.5), dy!.dtype)],
  reference({ inputs: [dy], outputs: [dx] }) {
    if (!dy || !dx) return;
    forEachSquare(dx, (index, square) => {
      dx.data[index] = square.reduce((sum, at) => sum + dy.data[at]!, 0);
    });
  },
};

/** Nearest-neighbor upsampling by 2: [B, H, W, C] -> [B, 2H, 2W, C]. */
export function upsample2x(x: Tensor): Tensor {
  return apply(upsampleOp, [x], {});
}
