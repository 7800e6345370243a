/** Arithmetic and comparison of two tensors, element by element, with numpy broadcasting. */
import { type Op, type Tensor, TensorSpec, sameShape } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { affine } from "./affine.js";
import { broadcast, broadcastShape, sumTo } from "./broadcast.js";
import { fill } from "./fill.js";
import { pointwise } from "./pointwise.js";
import { isFloat, requireFloat } from "./require.js";
import { broadcastPositions } from "./strides.js";

/** A tensor, or a number in place of a scalar tensor. */
export type Operand = Tensor | number;

type Rule = (a: Tensor, b: Tensor, dy: Tensor, y: Tensor) => readonly [Tensor, Tensor];

/** The dtype of a result: bfloat16 only if both inputs are. */
const widest = (a: TensorSpec, b: TensorSpec): "float32" | "bfloat16" =>
  a.dtype === "bfloat16" && b.dtype === "bfloat16" ? "bfloat16" : "float32";

function fillReference(f: (a: number, b: number) => number): Op["reference"] {
  return ({ inputs: [a, b], outputs: [y] }) => {
    if (!a || !b || !y) return;
    const fromA = broadcastPositions(a.shape, y.shape);
    const fromB = broadcastPositions(b.shape, y.shape);
    for (let i = 0; i < y.data.length; i++) {
      y.data[i] = f(a.data[fromA[i]!]!, b.data[fromB[i]!]!);
    }
  };
}

/** An operation of two tensors; `rule` gives the gradients before they are summed over broadcast axes. */
function arithmetic(name: string, f: (a: number, b: number) => number, rule: Rule): Op {
  return {
    name,
    infer(inputs) {
      const [a, b] = inputs as [Tensor, Tensor];
      requireFloat(name, a, b);
      return [new TensorSpec(broadcastShape(name, a, b), widest(a, b))];
    },
    gradient({ inputs, outputs: [y] }, [dy]) {
      if (!dy) return [];
      const [a, b] = inputs as [Tensor, Tensor];
      const [da, db] = rule(a, b, dy, y!);
      return [sumTo(da, a.shape, a.dtype), sumTo(db, b.shape, b.dtype)];
    },
    inPlace(_attributes, inputs) {
      const [a, b] = inputs as [TensorSpec, TensorSpec];
      const shape = broadcastShape(name, a, b);
      return inputs.flatMap((x, index) =>
        x.dtype === widest(a, b) && sameShape(x.shape, shape) ? [[0, index] as const] : [],
      );
    },
    reference: fillReference(f),
  };
}

/** A comparison of two tensors: 1 where it holds, 0 elsewhere. No gradient passes. */
function comparison(name: string, holds: (a: number, b: number) => boolean): Op {
  return {
    name,
    infer(inputs) {
      const [a, b] = inputs as [Tensor, Tensor];
      const floats = inputs.every(({ dtype }) => isFloat(dtype));
      if (!floats && !inputs.every(({ dtype }) => dtype === "int32")) {
        throw shapeError(name, inputs, "numbers of float32 or bfloat16, or all of int32");
      }
      return [new TensorSpec(broadcastShape(name, a, b), "float32")];
    },
    gradient: () => [],
    reference: fillReference((a, b) => (holds(a, b) ? 1 : 0)),
  };
}

/** Applies an operation of two tensors; a number becomes a scalar of the other's dtype. */
function applyTo(op: Op, a: Operand, b: Operand): Tensor {
  const scalar = (value: number, other: Operand): Tensor =>
    fill([], value, typeof other === "number" ? "float32" : other.dtype);
  return apply(
    op,
    [typeof a === "number" ? scalar(a, b) : a, typeof b === "number" ? scalar(b, a) : b],
    {},
  );
}

const addOp: Op = {
  ...arithmetic(
    "add",
    (a, b) => a + b,
    (_a, _b, dy) => [dy, dy],
  ),
  fusesAs: "add",
};
const subtractOp = arithmetic(
  "subtract",
  (a, b) => a - b,
  (_a, _b, dy) => [dy, negate(dy)],
);
const multiplyOp = arithmetic(
  "multiply",
  (a, b) => a * b,
  (a, b, dy) => [multiply(dy, b), multiply(dy, a)],
);
const divideOp = arithmetic(
  "divide",
  (a, b) => a / b,
  (_a, b, dy, y) => {
    const da = divide(dy, b);
    return [da, negate(multiply(da, y))];
  },
);
const maximumOp = arithmetic("maximum", Math.max, (a, b, dy) => selectGradients(dy, less(a, b)));
const minimumOp = arithmetic("minimum", Math.min, (a, b, dy) => selectGradients(dy, less(b, a)));
const equalOp = comparison("equal", (a, b) => a === b);
const lessOp = comparison("less", (a, b) => a < b);

/** The gradients of a selection: dY where the first input was chosen, and where the second was. */
function selectGradients(dy: Tensor, second: Tensor): [Tensor, Tensor] {
  const nothing = fill(dy.shape, 0, dy.dtype);
  return [select(second, nothing, dy), select(second, dy, nothing)];
}

/** -x. */
export const negate = pointwise(
  "negate",
  (x) => -x,
  (_x, _y, dy) => negate(dy),
);
/** 1 / x. */
export const reciprocal = pointwise(
  "reciprocal",
  (x) => 1 / x,
  (_x, y, dy) => negate(multiply(dy, multiply(y, y))),
);

/**
 * a + b, element by element. Shapes broadcast as in numpy, [8, 1] and [4] to [8, 4]; the result is bfloat16 only if both
 * are.
 */
export function add(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && typeof a !== "number") return affine(a, 1, b);
  if (typeof a === "number" && typeof b !== "number") return affine(b, 1, a);
  return applyTo(addOp, a, b);
}

/** a - b, element by element, with broadcasting as of `add`. */
export function subtract(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && typeof a !== "number") return affine(a, 1, -b);
  if (typeof a === "number" && typeof b !== "number") return affine(b, -1, a);
  return applyTo(subtractOp, a, b);
}

/** a · b, element by element, with broadcasting as of `add`; for products of matrices see `product`. */
export function multiply(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && typeof a !== "number") return affine(a, b, 0);
  if (typeof a === "number" && typeof b !== "number") return affine(b, a, 0);
  return applyTo(multiplyOp, a, b);
}

/** a / b, element by element, with broadcasting as of `add`. */
export function divide(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && typeof a !== "number") return affine(a, 1 / b, 0);
  if (typeof a === "number" && typeof b !== "number") return affine(reciprocal(b), a, 0);
  return applyTo(divideOp, a, b);
}

/**
 * The greater one of a and b, element by element, with broadcasting as of `add`. The gradient goes to the greater element,
 * to a if both are equal.
 */
export function maximum(a: Operand, b: Operand): Tensor {
  return applyTo(maximumOp, a, b);
}

/**
 * The lesser one of a and b, element by element, with broadcasting as of `add`. The gradient goes to the lesser element, to
 * a if both are equal.
 */
export function minimum(a: Operand, b: Operand): Tensor {
  return applyTo(minimumOp, a, b);
}

/** 1 where a = b, else 0: float32, with broadcasting as of `add`. Both may be int32. No gradient passes. */
export function equal(a: Operand, b: Operand): Tensor {
  return applyTo(equalOp, a, b);
}

/** 1 where a < b, else 0: float32, with broadcasting as of `add`. Both may be int32. No gradient passes. */
export function less(a: Operand, b: Operand): Tensor {
  return applyTo(lessOp, a, b);
}

const selectOp: Op = {
  name: "select",
  infer(inputs) {
    const [condition, a, b] = inputs as [Tensor, Tensor, Tensor];
    requireFloat("select", a, b);
    if (condition.dtype !== "float32") throw shapeError("select", inputs, "a condition in float32");
    return [new TensorSpec(condition.shape, widest(a, b))];
  },
  gradient({ inputs: [condition] }, [dy]) {
    const [db, da] = dy ? selectGradients(dy, condition!) : [];
    return [undefined, da, db];
  },
  inPlace(_attributes, inputs) {
    const [, a, b] = inputs as [TensorSpec, TensorSpec, TensorSpec];
    return ([1, 2] as const).flatMap((index) =>
      inputs[index]?.dtype === widest(a, b) ? [[0, index] as const] : [],
    );
  },
  reference({ inputs: [condition, a, b], outputs: [y] }) {
    if (!condition || !a || !b || !y) return;
    for (let i = 0; i < y.data.length; i++) {
      y.data[i] = (condition.data[i]! !== 0 ? a : b).data[i]!;
    }
  },
};

/** a where the condition (float32) is not zero, b elsewhere; the three are broadcast together. */
export function select(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  const inner = new TensorSpec(broadcastShape("select", a, b), widest(a, b));
  const shape = broadcastShape("select", condition, inner);
  const all = [condition, a, b].map((x) => broadcast(x, shape));
  return apply(selectOp, all, {});
}
