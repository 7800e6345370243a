/** Sums and maxima. They are formed in stages, in an order fixed by the shape. */
import { TensorSpec, sizeOf } from "../../../graph/tensor.js";
import { type Kernel, type KernelCall, type Operand, type Pass, literal } from "../pass.js";
import { mapPass } from "./map.js";

/** Terms that one thread combines. */
const terms = 64;

const combinations = {
  sum: { initial: literal(0), combine: "total + term" },
  maximum: { initial: literal(-Infinity), combine: "maximum(total, term)" },
} as const;

interface Reduction {
  readonly kind: keyof typeof combinations;
  /** What is reduced, seen as [outer, reduced, inner]. */
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
  readonly operands: Readonly<Record<string, Operand>>;
  /** Element `j` of it, an expression. */
  readonly term: string;
  /** [outer, inner] */
  readonly output: Operand;
}

/** The passes of a reduction of numbers that need not be in memory. */
export function reducePasses(call: KernelCall, reduction: Reduction): Pass[] {
  const { kind, outer, reduced, inner, operands, term, output } = reduction;
  if (output.spec.size === 0) return [];
  const parts = reduced <= terms ? 1 : Math.ceil(reduced / terms);
  const partial =
    parts === 1 ? output : call.scratch(new TensorSpec([outer, parts, inner], "float32"));
  const { initial, combine } = combinations[kind];
  const element = `let within = i / size.inner;
var total = ${initial};
for (var k = within % size.parts; k < size.reduced; k += size.parts) {
  let j = ((within / size.parts) * size.reduced + k) * size.inner + i % size.inner;
  let term = ${term};
  total = ${combine};
}
return total;`;
  const pass = mapPass({ output: partial, operands, sizes: { parts, reduced, inner }, element });
  if (parts === 1) return [pass];
  const rest = { operands: { partial }, term: "partial(j)", reduced: parts };
  return [pass, ...reducePasses(call, { ...reduction, ...rest })];
}

const reductionKernel =
  (kind: Reduction["kind"]) =>
  (call: KernelCall): Kernel => {
    const [x, output] = [call.inputs[0]!, call.outputs[0]!];
    const { first, end } = call.attributes as { readonly first: number; readonly end: number };
    const { shape } = x.spec;
    const sizes = {
      outer: sizeOf(shape.slice(0, first)),
      reduced: sizeOf(shape.slice(first, end)),
      inner: sizeOf(shape.slice(end)),
    };
    const operands = { x };
    return { passes: reducePasses(call, { kind, ...sizes, operands, term: "x(j)", output }) };
  };

export const sumKernel = reductionKernel("sum");
export const maximumOfKernel = reductionKernel("maximum");

/** y[0] = Σ x², tensor by tensor. */
export function sumOfSquaresKernel(call: KernelCall): Kernel {
  const [output] = call.outputs as [Operand];
  const passes = call.inputs.flatMap((x) =>
    addSum(call, { x }, "x(j) * x(j)", x.spec.size, output),
  );
  return { passes: [zero(output), ...passes] };
}

/** Sets a scalar to 0. */
export const zero = (output: Operand): Pass =>
  mapPass({ output, operands: {}, element: "return 0.0;" });

/** Adds the sum of so many terms to a scalar. */
export function addSum(
  call: KernelCall,
  operands: Readonly<Record<string, Operand>>,
  term: string,
  count: number,
  output: Operand,
): Pass[] {
  if (count === 0) return [];
  const part = call.scratch(new TensorSpec([], "float32"));
  const sizes = { kind: "sum", outer: 1, reduced: count, inner: 1 } as const;
  return [
    ...reducePasses(call, { ...sizes, operands, term, output: part }),
    mapPass({ output, operands: { part }, element: "return y(i) + part(i);" }),
  ];
}

export function argmaxKernel({ inputs, outputs: [output] }: KernelCall): Kernel {
  const [x] = inputs as [Operand];
  const width = x.spec.shape.at(-1)!;
  const element = `var best = 0u;
for (var k = 1u; k < ${width}u; k++) {
  if (x(i * ${width}u + k) > x(i * ${width}u + best)) { best = k; }
}
return i32(best);`;
  return { passes: [mapPass({ output: output!, operands: { x }, element })] };
}
