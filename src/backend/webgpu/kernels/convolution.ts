/** Convolutions as products: the pixels under the taps of the kernel are one factor. */
import type { Kernel, KernelCall, Operand } from "../pass.js";
import { filled } from "./map.js";
import { factor, productPass } from "./product.js";

interface Taps {
  readonly kh: number;
  readonly kw: number;
}

/** The function `image(pixel, tap, c)`: channel c of x under a tap of the kernel centered on a pixel, 0 outside. */
function imageFunction(
  { kh, kw }: Taps,
  x: Operand,
  { compute, inputRelu, mirrored }: { compute: unknown; inputRelu: unknown; mirrored: boolean },
): string {
  const sign = mirrored ? "-" : "+";
  const value = factor(
    `x((image * (size.H * size.W) + u32(row) * size.W + u32(column)) * size.C + c)`,
    x.spec.dtype,
    compute,
  );
  return `
fn image(pixel: u32, tap: u32, c: u32) -> f32 {
  let row = i32((pixel / size.W) % size.H) ${sign} (i32(tap / ${kw}u) - ${(kh - 1) / 2});
  let column = i32(pixel % size.W) ${sign} (i32(tap % ${kw}u) - ${(kw - 1) / 2});
  if (row < 0 || row >= i32(size.H) || column < 0 || column >= i32(size.W)) { return 0.0; }
  let image = pixel / (size.H * size.W);
  let value = ${value};
  return ${inputRelu ? "max(value, 0.0)" : "value"};
}`;
}

export function convolutionKernel(call: KernelCall): Kernel {
  const { compute, hasBias, hasAddend, inputRelu, outputRelu, flipped } = call.attributes;
  const [x, weight, ...optional] = call.inputs as [Operand, Operand, ...Operand[]];
  const bias = hasBias ? optional.shift() : undefined;
  const addend = hasAddend ? optional.shift() : undefined;
  const [, H, W, C] = x.spec.shape as [number, number, number, number];
  const [, kh, kw] = weight.spec.shape as [number, number, number];
  const [output] = call.outputs as [Operand];
  const N = output.spec.shape[3]!;
  const taps = kh * kw;
  const at = flipped
    ? `((k % size.C) * ${taps}u + k / size.C) * size.N + n`
    : `(n * ${taps}u + k / size.C) * size.C + k % size.C`;
  const options = { compute, inputRelu, mirrored: flipped === true };
  const functions = `${imageFunction({ kh, kw }, x, options)}
fn left(m: u32, k: u32) -> f32 { return image(m, k / size.C, k % size.C); }
fn right(k: u32, n: u32) -> f32 { return ${factor(`weight(${at})`, weight.spec.dtype, compute)}; }
fn store(m: u32, n: u32, sum: f32) {
  let t = sum${bias ? " + bias(n)" : ""};
  set_y(m * size.N + n, ${outputRelu ? "max(t, 0.0)" : "t"}${addend ? ` + addend(m * size.N + n)` : ""});
}`;
  const given = { x, weight, ...(bias && { bias }), ...(addend && { addend }) };
  const sizes = { M: output.spec.size / N, N, K: taps * C, functions, sizes: { H, W, C } };
  const passes = filled(call, output, (y) => [
    productPass({
      ...sizes,
      operands: { ...given, y },
      alongLeft: "k",
      alongRight: flipped ? "n" : "k",
    }),
  ]);
  return { passes };
}

export function convolutionWeightGradientKernel(call: KernelCall): Kernel {
  const { compute, inputRelu } = call.attributes;
  const [x, dy] = call.inputs as [Operand, Operand];
  const [output] = call.outputs as [Operand];
  const [O, kh, kw, C] = output.spec.shape as [number, number, number, number];
  const [, H, W] = x.spec.shape as [number, number, number];
  const N = kh * kw * C;
  const options = { compute, inputRelu, mirrored: false };
  const functions = `${imageFunction({ kh, kw }, x, options)}
fn left(m: u32, k: u32) -> f32 { return ${factor(`dy(k * size.M + m)`, dy.spec.dtype, compute)}; }
fn right(k: u32, n: u32) -> f32 { return image(k, n / size.C, n % size.C); }
fn store(m: u32, n: u32, sum: f32) { set_y(m * size.N + n, sum); }`;
  const sizes = { M: O, N, K: dy.spec.size / O, functions, sizes: { H, W, C } };
  const passes = filled(call, output, (y) => [
    productPass({ ...sizes, operands: { x, dy, y }, alongLeft: "m", alongRight: "n" }),
  ]);
  return { passes };
}
