/** Pooling and upsampling of images [B, H, W, C] by a factor of 2. */
import { type Kernel, type KernelCall, type Operand } from "../pass.js";
import { mapPass } from "./map.js";

/** Functions between an element of the smaller image, [.., W, C], and those that it covers in the larger one. */
function squares({ spec: { shape } }: Operand): string {
  const [, , W, C] = shape as [number, number, number, number];
  return `
fn corner(i: u32, k: u32) -> u32 {
  let row = i / ${C * W}u; let column = (i / ${C}u) % ${W}u;
  return ((2u * row + k / 2u) * ${2 * W}u + 2u * column + k % 2u) * ${C}u + i % ${C}u;
}
fn smaller(i: u32) -> u32 {
  let row = i / ${2 * C * W}u; let column = (i / ${C}u) % ${2 * W}u;
  return ((row / 2u) * ${W}u + column / 2u) * ${C}u + i % ${C}u;
}
fn cornerOf(i: u32) -> u32 { return ((i / ${2 * C * W}u) % 2u) * 2u + (i / ${C}u) % 2u; }`;
}

export function maxPoolKernel({ inputs: [x], outputs }: KernelCall): Kernel {
  const [output, which] = outputs as [Operand, Operand];
  const operands = { x: x! };
  const functions = `${squares(output)}
fn highest(i: u32) -> u32 {
  var best = 0u;
  for (var k = 1u; k < 4u; k++) { if (x(corner(i, k)) > x(corner(i, best))) { best = k; } }
  return best;
}`;
  return {
    passes: [
      mapPass({ output, operands, functions, element: "return x(corner(i, highest(i)));" }),
      mapPass({ output: which, operands, functions, element: "return f32(highest(i));" }),
    ],
  };
}

export function maxPoolGradientKernel({ inputs, outputs: [output] }: KernelCall): Kernel {
  const [which, dy] = inputs as [Operand, Operand];
  const element = "return select(0.0, dy(smaller(i)), u32(which(smaller(i))) == cornerOf(i));";
  const functions = squares(dy);
  return { passes: [mapPass({ output: output!, operands: { which, dy }, functions, element })] };
}

export function upsampleKernel({ inputs: [x], outputs: [output] }: KernelCall): Kernel {
  const given = { operands: { x: x! }, functions: squares(x!) };
  return { passes: [mapPass({ ...given, output: output!, element: "return x(smaller(i));" })] };
}

export function upsampleGradientKernel({ inputs: [x], outputs: [output] }: KernelCall): Kernel {
  const element =
    "return x(corner(i, 0u)) + x(corner(i, 1u)) + x(corner(i, 2u)) + x(corner(i, 3u));";
  const given = { operands: { x: x! }, functions: squares(output!) };
  return { passes: [mapPass({ ...given, output: output!, element })] };
}
