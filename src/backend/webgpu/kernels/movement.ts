/** Operations that move elements. */
import { stridesOf } from "../../../graph/ops/strides.js";
import { sizeOf } from "../../../graph/tensor.js";
import { type Kernel, type KernelCall, type Operand, typeOf } from "../pass.js";
import { stridedIndex } from "./indices.js";
import { eachPass, filled, mapPass } from "./map.js";

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

/** One pass for each input. */
export function concatenateKernel(call: KernelCall): Kernel {
  const [output] = call.outputs as [Operand];
  const { shape } = output.spec;
  const axis = call.attributes.axis as number;
  const inner = sizeOf(shape.slice(axis + 1));
  const row = shape[axis]! * inner;
  let start = 0;
  const passes = filled(call, output, (target) =>
    call.inputs.flatMap((x) => {
      const [first, width] = [start, x.spec.shape[axis]! * inner];
      start += width;
      if (x.spec.size === 0) return [];
      const to = `(i / ${width}u) * ${row}u + ${first}u + i % ${width}u`;
      const set = `set_y(${to}, x(i));`;
      return [eachPass({ count: x.spec.size, operands: { x, y: target }, body: set })];
    }),
  );
  return { passes };
}
