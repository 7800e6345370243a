/** Matrix products, with what is fused into them. */
import type { MatmulAttributes } from "../../../graph/ops/matmul.js";
import type { Kernel, KernelCall, Operand, Pass } from "../pass.js";
import { filled } from "./map.js";
import { factor, productPass } from "./product.js";

export function matmulKernel(call: KernelCall): Kernel {
  const attributes = call.attributes as MatmulAttributes;
  const { hasBias, hasAddend, activation, outputsPreactivation } = attributes;
  const [a, b, ...optional] = call.inputs as [Operand, Operand, ...Operand[]];
  const bias = hasBias ? optional.shift() : undefined;
  const addend = hasAddend ? optional.shift() : undefined;
  const argument = activation === "geluGradient" ? optional.shift() : undefined;
  const [output, before] = call.outputs as [Operand, Operand?];
  const given = {
    ...{ a, b },
    ...(bias && { bias }),
    ...(addend && { addend }),
    ...(argument && { argument }),
  };
  const passOf = (c: Operand, z: Operand | undefined): Pass => pass(attributes, given, c, z);
  if (!outputsPreactivation || !before) {
    return { passes: filled(call, output, (c) => [passOf(c, undefined)]) };
  }
  // Both results have one dtype: they are rounded after the one pass that computes them.
  const passes = filled(call, before, (z) => filled(call, output, (c) => [passOf(c, z)]));
  return { passes };
}

function pass(
  { transposeA, transposeB, compute, activation, geluB, K, N }: MatmulAttributes,
  given: Readonly<Record<string, Operand>> & { readonly a: Operand; readonly b: Operand },
  c: Operand,
  z: Operand | undefined,
): Pass {
  const { a, b, bias, addend, argument } = given;
  const M = N === 0 ? 0 : c.spec.size / N;
  const left = factor(
    transposeA ? `a(k * size.M + m)` : `a(m * size.K + k)`,
    a.spec.dtype,
    compute,
  );
  const stored = transposeB ? `b(n * size.K + k)` : `b(k * size.N + n)`;
  const right = geluB
    ? factor(`gelu(${stored})`, "float32", compute)
    : factor(stored, b.spec.dtype, compute);
  const functions = `
fn left(m: u32, k: u32) -> f32 { return ${left}; }
fn right(k: u32, n: u32) -> f32 { return ${right}; }
fn store(m: u32, n: u32, sum: f32) {
  let at = m * size.N + n;
  var t = sum${bias ? " + bias(n)" : ""};
  ${z ? "set_z(at, t);" : ""}
  ${activation === "gelu" ? "t = gelu(t);" : ""}
  ${argument ? "t *= geluDerivative(argument(at));" : ""}
  set_c(at, t${addend ? " + addend(at)" : ""});
}`;
  return productPass({
    ...{ M, N, K, functions },
    operands: { ...given, c, ...(z && { z }) },
    alongLeft: transposeA ? "m" : "k",
    alongRight: transposeB ? "k" : "n",
  });
}
