/** Operations that move elements. */
import { stridesOf } from "../../../graph/ops/strides.js";
import { sizeOf } from "../../../graph/tensor.js";
import { type Kernel, type KernelCall, type Operand, type Pass, typeOf } from "../pass.js";
import { stridedIndex } from "./indices.js";
import { filled, mapPass } from "./map.js";
import { boundTogether, sharesPass } from "./shares.js";

/** A result whose element i is element `index` of the input. */
function moved({ inputs: [x], outputs: [y] }: KernelCall, index: string): Kernel {
  const element = `return x(${index});`;
  return { passes: [mapPass({ output: y!, operands: { x: x! }, element })] };
}

export function permuteKernel(call: KernelCall): Kernel {
  const strides = stridesOf(call.inputs[0]!.spec.shape);
  const axes = call.attributes.axes as readonly number[];
  const { shape } = call.outputs[0]!.spec;
  return moved(
    call,
    stridedIndex(
      shape,
      axes.map((axis) => strides[axis]!),
      "i",
    ),
  );
}

export function sliceKernel(call: KernelCall): Kernel {
  const strides = stridesOf(call.inputs[0]!.spec.shape);
  const starts = call.attributes.starts as readonly number[];
  const first = starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
  return moved(call, stridedIndex(call.outputs[0]!.spec.shape, strides, "i", first));
}

export function padKernel({ inputs, outputs, attributes }: KernelCall): Kernel {
  const [x, output] = [inputs[0]!, outputs[0]!];
  const starts = attributes.starts as readonly number[];
  const [own, all] = [stridesOf(x.spec.shape), stridesOf(output.spec.shape)];
  const zero = `${typeOf(output.spec.dtype)}(0)`;
  const steps = output.spec.shape.map((size, axis) => {
    const [start, width] = [starts[axis]!, x.spec.shape[axis]!];
    const at = `(i / ${all[axis]!}u) % ${size}u - ${start}u`; // wraps around where it is before the box
    return `{ let at = ${at}; if (at >= ${width}u) { return ${zero}; } source += at * ${own[axis]!}u; }`;
  });
  const element = `var source = 0u;\n${steps.join("\n")}\nreturn x(source);`;
  return {
    passes: x.spec.size === 0 ? zeros(output) : [mapPass({ output, operands: { x }, element })],
  };
}

function zeros(output: Operand): Kernel["passes"] {
  const element = `return ${typeOf(output.spec.dtype)}(0);`;
  return [mapPass({ output, operands: {}, element })];
}

/** A pass for as many inputs as can be bound: most are small. */
export function concatenateKernel(call: KernelCall): Kernel {
  const [output] = call.outputs as [Operand];
  const { shape } = output.spec;
  const axis = call.attributes.axis as number;
  const inner = sizeOf(shape.slice(axis + 1));
  const row = shape[axis]! * inner;
  let end = 0;
  const placed = call.inputs.map((x) => {
    const [first, width] = [end, x.spec.shape[axis]! * inner];
    end += width;
    return { x, first, width };
  });
  const present = placed.filter(({ x }) => x.spec.size > 0);
  const passes = filled(call, output, (y) =>
    boundTogether(present, 1).map((bound) => copiesPass(bound, row, y)),
  );
  return { passes };
}

/** Copies rows of tensors, `width` numbers each, into rows of y, from number `first` on. */
function copiesPass(
  copies: readonly { readonly x: Operand; readonly first: number; readonly width: number }[],
  row: number,
  y: Operand,
): Pass {
  const sizes: Record<string, number> = { row };
  for (const [n, { first, width }] of copies.entries()) {
    sizes[`first${n}`] = first;
    sizes[`width${n}`] = width;
  }
  return sharesPass({
    parts: copies.map(({ x }, n) => ({
      count: x.spec.size,
      element: `set_y(i / size.width${n} * size.row + size.first${n} + i % size.width${n}, x${n}(i));`,
    })),
    operands: { y, ...Object.fromEntries(copies.map(({ x }, n) => [`x${n}`, x])) },
    sizes,
    perThread: 1,
  });
}
