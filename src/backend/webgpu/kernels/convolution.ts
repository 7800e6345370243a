/** Convolutions as products: the pixels under the taps of the kernel are one factor. */
import type { Kernel, KernelCall, Operand } from "../pass.js";
import { filled } from "./map.js";
import { factor, productPasses } from "./product.js";

interface Taps {
  readonly kh: number;
  readonly kw: number;
}

/**
 * The function `image(pixel, tap, c)`: channel c of x under a tap of the kernel centered on a pixel, 0 outside. The shape of x is
 * part of the code: divisions by constants are far faster.
 */
function imageFunction(
  { kh, kw }: Taps,
  x: Operand,
  { compute, inputRelu, mirrored }: { compute: unknown; inputRelu: unknown; mirrored: boolean },
): string {
  const [, H, W, C] = x.spec.shape as [number, number, number, number];
  const [sign, back] = mirrored ? ["-", "+"] : ["+", "-"];
  const value = factor(`x(at * ${C}u + c)`, x.spec.dtype, compute);
  const shifted = `let row = i32((pixel / ${W}u) % ${H}u) ${sign} i32(tap / ${kw}u) ${back} ${(kh - 1) / 2};
  let column = i32(pixel % ${W}u) ${sign} i32(tap % ${kw}u) ${back} ${(kw - 1) / 2};
  if (row < 0 || row >= ${H} || column < 0 || column >= ${W}) { return 0.0; }
  let at = pixel / ${H * W}u * ${H * W}u + u32(row * ${W} + column);`;
  return `
fn image(pixel: u32, tap: u32, c: u32) -> f32 {
  ${kh * kw === 1 ? "let at = pixel;" : shifted}
  let value = ${value};
  return ${inputRelu ? "max(value, 0.0)" : "value"};
}`;
}

export function convolutionKernel(call: KernelCall): Kernel {
  const { compute, hasBias, hasAddend, inputRelu, outputRelu, flipped } = call.attributes;
  const [x, weight, ...optional] = call.inputs as [Operand, Operand, ...Operand[]];
  const bias = hasBias ? optional.shift() : undefined;
  const addend = hasAddend ? optional.shift() : undefined;
  const C = x.spec.shape[3]!;
  const [, kh, kw] = weight.spec.shape as [number, number, number];
  const [output] = call.outputs as [Operand];
  const N = output.spec.shape[3]!;
  const taps = kh * kw;
  const at = flipped ? `((k % ${C}u) * ${taps}u + k / ${C}u) * size.N + n` : `n * size.K + k`;
  const options = { compute, inputRelu, mirrored: flipped === true };
  const factors = `${imageFunction({ kh, kw }, x, options)}
fn left(m: u32, k: u32) -> f32 { return image(m, k / ${C}u, k % ${C}u); }
fn right(k: u32, n: u32) -> f32 { return ${factor(`weight(${at})`, weight.spec.dtype, compute)}; }`;
  const store = `fn store(m: u32, n: u32, sum: f32) {
  let t = sum${bias ? " + bias(n)" : ""};
  set_y(m * size.N + n, ${outputRelu ? "max(t, 0.0)" : "t"}${addend ? ` + addend(m * size.N + n)` : ""});
}`;
  const read = { ...(bias && { bias }), ...(addend && { addend }) };
  const passes = filled(call, output, (y) =>
    productPasses(call, {
      ...{ M: output.spec.size / N, N, K: taps * C },
      factors: { code: factors, operands: { x, weight } },
      result: { code: store, operands: { ...read, y } },
      alongLeft: "k",
      alongRight: flipped ? "n" : "k",
    }),
  );
  return { passes };
}

export function convolutionWeightGradientKernel(call: KernelCall): Kernel {
  const { compute, inputRelu } = call.attributes;
  const [x, dy] = call.inputs as [Operand, Operand];
  const [output] = call.outputs as [Operand];
  const [O, kh, kw, C] = output.spec.shape as [number, number, number, number];
  const N = kh * kw * C;
  const options = { compute, inputRelu, mirrored: false };
  const factors = `${imageFunction({ kh, kw }, x, options)}
fn left(m: u32, k: u32) -> f32 { return ${factor(`dy(k * size.M + m)`, dy.spec.dtype, compute)}; }
fn right(k: u32, n: u32) -> f32 { return image(k, n / ${C}u, n % ${C}u); }`;
  const store = `fn store(m: u32, n: u32, sum: f32) { set_y(m * size.N + n, sum); }`;
  const passes = filled(call, output, (y) =>
    productPasses(call, {
      ...{ M: O, N, K: dy.spec.size / O },
      factors: { code: factors, operands: { x, dy } },
      result: { code: store, operands: { y } },
      alongLeft: "m",
      alongRight: "n",
    }),
  );
  return { passes };
}
