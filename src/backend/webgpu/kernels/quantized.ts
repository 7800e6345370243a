/** Products with 8-bit weights. */
import { sizeOf, spec } from "../../../graph/tensor.js";
import { type Kernel, type KernelCall, type Operand, type Pass } from "../pass.js";
import { filled, mapPass } from "./map.js";
import { productPasses } from "./product.js";
import { overRow, rowsPass } from "./rows.js";

/** The factor of each row of x to 127 steps of 8 bits. */
function scalesPass(x: Operand, scales: Operand): Pass {
  const width = x.spec.shape.at(-1)!;
  const body = `var high = 0.0;
  ${overRow("high = max(high, abs(x(at)));")}
  let highest = maximumOf(high);
  if (lane == 0u) { set_scales(group, select(highest / 127.0, 1.0, highest == 0.0)); }`;
  return rowsPass({ rows: scales.spec.size, width, operands: { x, scales }, body });
}

const quantized = (x: string, scale: string): string =>
  `clamp(round(${x} / ${scale}), -128.0, 127.0)`;

export function quantizeWeightsKernel({ inputs: [weight], outputs }: KernelCall): Kernel {
  const [values, scales] = outputs as [Operand, Operand];
  const element = `return ${quantized("x(i)", `scales(i / ${weight!.spec.shape[1]!}u)`)};`;
  const operands = { x: weight!, scales };
  return { passes: [scalesPass(weight!, scales), mapPass({ output: values, operands, element })] };
}

/** `quantizedMatmul`, its weight not packed. */
export function quantizedMatmulKernel(call: KernelCall): Kernel {
  const { dynamic, activation, hasBias, hasAddend } = call.attributes;
  const [x, values, scale, ...optional] = call.inputs as [Operand, Operand, Operand, ...Operand[]];
  const bias = hasBias ? optional.shift() : undefined;
  const addend = hasAddend ? optional.shift() : undefined;
  const read = { scale, ...(bias && { bias }), ...(addend && { addend }) };
  const [N, K] = values.spec.shape as [number, number];
  const M = sizeOf(x.spec.shape.slice(0, -1));
  const rows = dynamic ? call.scratch(spec([M])) : undefined;
  const left = `x(m * size.K + k)`;
  const factors = `fn left(m: u32, k: u32) -> f32 { return ${rows ? quantized(left, "rows(m)") : left}; }
fn right(k: u32, n: u32) -> f32 { return values(n * size.K + k); }`;
  const store = `fn store(m: u32, n: u32, sum: f32) {
  let at = m * size.N + n;
  var t = sum * scale(n)${rows ? " * rows(m)" : ""}${bias ? " + bias(n)" : ""};
  ${activation === "gelu" ? "t = gelu(t);" : ""}
  set_y(at, t${addend ? " + addend(at)" : ""});
}`;
  const passes = filled(call, call.outputs[0]!, (y) => [
    ...(rows ? [scalesPass(x, rows)] : []),
    ...productPasses(call, {
      ...{ M, N, K, alongLeft: "k", alongRight: "k" },
      factors: { code: factors, operands: { x, values, ...(rows && { rows }) } },
      result: { code: store, operands: { ...read, y, ...(rows && { rows }) } },
    }),
  ]);
  return { passes };
}

export function quantizedScanKernel(call: KernelCall): Kernel {
  const attributes = { dynamic: true, activation: "none", hasBias: false, hasAddend: false };
  return quantizedMatmulKernel({ ...call, attributes });
}
