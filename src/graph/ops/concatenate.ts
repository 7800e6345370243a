import { type Op, type Tensor, TensorSpec, sizeOf } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { heldOf } from "../divided.js";
import { placeholderOf } from "../placeholder.js";
import { requireAxis } from "./require.js";
import { slice } from "./slice.js";

const concatenateOp: Op<{ axis: number }> = {
  name: "concatenate",
  infer(inputs, { axis }) {
    const [{ shape, dtype }] = inputs as readonly [Tensor, ...Tensor[]];
    const fits = (x: Tensor): boolean =>
      x.dtype === dtype &&
      x.shape.length === shape.length &&
      x.shape.every((size, i) => i === axis || size === shape[i]);
    if (!inputs.every(fits)) {
      throw shapeError(
        "concatenate",
        inputs,
        `one dtype and shapes that differ in axis ${axis} only`,
      );
    }
    const total = inputs.reduce((sum, x) => sum + x.shape[axis]!, 0);
    return [new TensorSpec(shape.with(axis, total), dtype)];
  },
  gradient({ inputs, attributes: { axis } }, [dy]) {
    let end = 0;
    return inputs.map((x) => {
      const start = end;
      end += x.shape[axis]!;
      return dy && slice(dy, axis, start, end);
    });
  },
  schema: { axis: "number" },
  // Weights are in memory anyway, so their concatenation need not be kept.
  recompute: (inputs) => inputs.every((x) => placeholderOf(heldOf(x))?.source === "state"),
  reference({ inputs, outputs: [y], attributes: { axis } }) {
    if (!y) return;
    const outer = sizeOf(y.shape.slice(0, axis));
    let position = 0;
    for (let i = 0; i < outer; i++) {
      for (const { data } of inputs) {
        const length = data.length / outer;
        y.data.set(data.subarray(i * length, (i + 1) * length), position);
        position += length;
      }
    }
  },
};

/**
 * Concatenates tensors along `axis`, [2, 4] and [3, 4] along axis 0 to [5, 4]; their dtypes and other axes must agree.
 */
export function concatenate(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  if (!first) throw shapeError("concatenate", [], "at least one tensor");
  const along = requireAxis("concatenate", first, axis);
  return tensors.length === 1 ? first : apply(concatenateOp, tensors, { axis: along });
}
