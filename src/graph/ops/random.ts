/** Random numbers as pure functions of a key, int32 [2]; see `base/random.ts`. */
import { type Key, normalAt, threefry, uniformAt } from "../../base/random.js";
import {
  type Op,
  type ReferenceTensor,
  type Shape,
  type Tensor,
  TensorSpec,
  sameShape,
  spec,
} from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { requireFloat } from "./require.js";

function requireKey(name: string, inputs: readonly Tensor[], key: Tensor): void {
  if (key.dtype !== "int32" || !sameShape(key.shape, [2])) {
    throw shapeError(name, inputs, "a key int32[2]");
  }
}

const wordsOf = (key: ReferenceTensor): Key => [key.data[0]!, key.data[1]!];

/** An operation that draws float32 numbers: element i is `draw(key, i)`. */
function generator(
  name: string,
  draw: (key: Key, index: number) => number,
): (key: Tensor, shape: Shape) => Tensor {
  const op: Op<{ shape: Shape }> = {
    name,
    infer(inputs, { shape }) {
      requireKey(name, inputs, inputs[0]!);
      return [spec(shape)];
    },
    reference({ inputs: [key], outputs: [y] }) {
      if (!key || !y) return;
      const words = wordsOf(key);
      for (let i = 0; i < y.data.length; i++) y.data[i] = draw(words, i);
    },
  };
  return (key, shape) => apply(op, [key], { shape });
}

/** Uniform numbers in the open interval (0, 1): float32 of the given shape, the same for the same key, int32 [2]. */
export const uniform = generator("uniform", uniformAt);
/** Standard normal numbers: float32 of the given shape, the same for the same key, int32 [2]. */
export const normal = generator("normal", normalAt);
/**
 * Numbers of the standard Gumbel distribution: float32 of the given shape, the same for the same key, int32 [2]. The largest
 * of (logits + gumbel) is a sample of softmax(logits).
 */
export const gumbel = generator(
  "gumbel",
  (key, index) => -Math.log(-Math.log(uniformAt(key, index))),
);

const dropoutOp: Op<{ rate: number }> = {
  name: "dropout",
  infer(inputs) {
    requireFloat("dropout", inputs[0]!);
    requireKey("dropout", inputs, inputs[1]!);
    return [inputs[0]!];
  },
  gradient({ inputs: [, key], attributes: { rate } }, [dy]) {
    return [dy && dropout(dy, key!, rate)];
  },
  schema: { rate: "number" },
  inPlace: () => [[0, 0]],
  reference({ inputs: [x, key], outputs: [y], attributes: { rate } }) {
    if (!x || !key || !y) return;
    const words = wordsOf(key);
    for (let i = 0; i < y.data.length; i++) {
      y.data[i] = uniformAt(words, i) >= rate ? x.data[i]! / (1 - rate) : 0;
    }
  },
};

/**
 * Sets each element of x to 0 with probability `rate` and divides the others by 1 - rate; x itself if rate is 0. The key is
 * int32 [2], another one in each step.
 */
export function dropout(x: Tensor, key: Tensor, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Expected a dropout rate >= 0 and < 1, but got ${rate}.`);
  }
  return rate === 0 ? x : apply(dropoutOp, [x, key], { rate });
}

const foldInOp: Op<{ constant: number; hasData: boolean }> = {
  name: "foldIn",
  infer(inputs) {
    const [key, data] = inputs as [Tensor, Tensor?];
    requireKey("foldIn", inputs, key);
    if (data && (data.dtype !== "int32" || data.shape.length !== 0)) {
      throw shapeError("foldIn", inputs, "a key int32[2] and data int32[]");
    }
    return [new TensorSpec([2], "int32")];
  },
  schema: { constant: "number", hasData: "boolean" },
  reference({ inputs: [key, data], outputs: [folded], attributes: { constant } }) {
    if (!key || !folded) return;
    folded.data.set(threefry(...wordsOf(key), constant, data?.data[0] ?? 0));
  },
};

/** A new key, independent of `key` and of keys folded with another constant or other data (int32 [], at run time). */
export function foldIn(key: Tensor, constant: number, data?: Tensor): Tensor {
  const inputs = data ? [key, data] : [key];
  return apply(foldInOp, inputs, { constant, hasData: data !== undefined });
}
