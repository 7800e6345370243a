import type { State } from "../backend/state.js";
import { compile } from "../backend/program.js";
import { type Key, foldIn as foldKey } from "../base/random.js";
import { type TreeOf, leavesOf, mapTree } from "../base/tree.js";
import { fill } from "../graph/ops/fill.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { affine } from "../graph/ops/affine.js";
import { foldIn, normal } from "../graph/ops/random.js";
import { slice } from "../graph/ops/slice.js";
import { type Shape, type Tensor, TensorSpec, spec } from "../graph/tensor.js";

/** The initialization of a parameter. */
export type Initial =
  | {
      readonly kind: "normal";
      /** Standard deviation; the mean is 0. */
      readonly std: number;
      /** The first row, for padding, is initialized to zero. */
      readonly zeroFirstRow?: boolean;
    }
  | {
      readonly kind: "constant";
      /** Of all elements. */
      readonly value: number;
    };

/** A declared parameter without memory: its shape and initialization. Always float32. */
export class Parameter extends TensorSpec {
  /** For most parameters there is `weight` or `constant`. */
  constructor(
    shape: Shape,
    /** How `initialize` fills it. */
    readonly initial: Initial,
  ) {
    super(shape, "float32");
  }
}

/** The standard deviation of new weights (flava.md 1.8). */
const weightStd = 0.02;

/**
 * A weight of this shape, initialized from a normal distribution with mean 0.
 * @param std default: 0.02 (flava.md 1.8)
 */
export function weight(shape: Shape, std = weightStd): Parameter {
  return new Parameter(shape, { kind: "normal", std });
}

/** An embedding table whose first row is for padding and initialized to zero. */
export function paddedTable(shape: Shape): Parameter {
  return new Parameter(shape, { kind: "normal", std: weightStd, zeroFirstRow: true });
}

/** A parameter of this shape whose elements are `value` at the start. */
export function constant(shape: Shape, value: number): Parameter {
  return new Parameter(shape, { kind: "constant", value });
}

/** Number of elements of a tree of parameters, all of them together. */
export function parameterCount<P extends TreeOf<P, TensorSpec>>(parameters: P): number {
  return leavesOf<TensorSpec>(parameters).reduce((sum, [, { size }]) => sum + size, 0);
}

/**
 * Initializes the parameters of `state` as declared. The values of a parameter depend only on the key and its path.
 *
 * @param scale multiplies `weightStd`, which suits the paper's width of 768; narrow models start better with more
 * @throws Error if a parameter is a plain `spec`, which does not say how it begins
 */
export async function initialize(
  state: State<{ readonly parameters: unknown }>,
  key: Key,
  scale = 1,
): Promise<void> {
  const program = compile({ state, inputs: { key: spec([2], "int32") } }, (_state, inputs) => {
    const start = ({ shape, initial }: TensorSpec & Partial<Parameter>, path: string): Tensor => {
      if (!initial)
        throw new Error(
          `The parameter "${path}" does not say how it begins: declare it by \`weight(shape)\` or \`constant(shape, value)\`.`,
        );
      if (initial.kind === "constant") return fill(shape, initial.value);
      const own = foldIn(inputs.key, foldKey([0, 0], path)[0]);
      const factor = initial.std === weightStd ? scale : 1;
      const numbers = affine(normal(own, shape), factor * initial.std, 0);
      if (!initial.zeroFirstRow) return numbers;
      const [rows = 0, ...row] = shape;
      return concatenate([fill([1, ...row], 0), slice(numbers, 0, 1, rows)], 0);
    };
    const parameters = mapTree(state.specs.parameters, start);
    return { outputs: {}, state: { parameters } };
  });
  await program.run({ key: Int32Array.from(key) });
  program.dispose();
}
