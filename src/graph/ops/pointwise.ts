/** Constructors of elementwise operations. */
import { type Attributes, type Op, type Tensor, TensorSpec } from "../tensor.js";
import { apply } from "../trace.js";
import { requireFloat } from "./require.js";

/** An elementwise operation of one tensor; `gradient` computes dX from x, y and dY. */
export function pointwise(
  name: string,
  f: (x: number) => number,
  gradient: (x: Tensor, y: Tensor, dy: Tensor) => Tensor | undefined,
  more: Pick<Op, "recompute" | "fusesAs"> = {},
): (x: Tensor) => Tensor {
  const op: Op<Record<string, never>> = {
    name,
    ...more,
    infer([x]) {
      requireFloat(name, x!);
      return [x!];
    },
    gradient: ({ inputs, outputs }, [dy]) => [dy && gradient(inputs[0]!, outputs[0]!, dy)],
    inPlace: () => [[0, 0]],
    reference({ inputs: [x], outputs: [y] }) {
      if (!x || !y) return;
      for (let i = 0; i < y.data.length; i++) y.data[i] = f(x.data[i]!);
    },
  };
  return (x) => apply(op, [x], {});
}

/** The gradient of an elementwise operation, as a function of x (or y) and dY. The result has the dtype of dY. */
export function pointwiseGradient<A extends Attributes>(
  name: string,
  f: (value: number, dy: number, attributes: A) => number,
  more: Pick<Op<A>, "schema" | "fusesAs"> = {},
): (value: Tensor, dy: Tensor, attributes: A) => Tensor {
  const op: Op<A> = {
    name,
    ...more,
    infer([value, dy]) {
      requireFloat(name, value!);
      return [new TensorSpec(value!.shape, dy!.dtype)];
    },
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
