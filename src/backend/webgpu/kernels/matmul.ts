/** Matrix products, with what is fused into them. */
import type { MatmulAttributes } from "../../../graph/ops/matmul.js";
import type { Kernel, KernelCall, Operand, Pass } from "../pass.js";
import { filled } from "./map.js";
import { factor, productPasses } from "./product.js";

export function matmulKernel(call: KernelCall): Kernel {
  const { outputsPreactivation } = call.attributes as MatmulAttributes;
  const [output, before] = call.outputs as [Operand, Operand?];
  if (!outputsPreactivation || !before) {
    return { passes: filled(call, output, (c) => passesOf(call, c, undefined)) };
  }
  // Both results have one dtype: they are rounded after the one product that computes them.
  const passes = filled(call, before, (z) => filled(call, output, (c) => passesOf(call, c, z)));
  return { passes };
}

function passesOf(call: KernelCall, c: Operand, z: Operand | undefined): Pass[] {
  const attributes = call.attributes as MatmulAttributes;
  const { transposeA, transposeB, compute, activation, geluB, K, N } = attributes;
  const [a, b, ...optional] = call.inputs as [Operand, Operand, ...Operand[]];
  const bias = attributes.hasBias ? optional.shift() : undefined;
  const addend = attributes.hasAddend ? optional.shift() : undefined;
  const argument = activation === "geluGradient" ? optional.shift() : undefined;
  const left = transposeA ? `a(k * size.M + m)` : `a(m * size.K + k)`;
  const stored = transposeB ? `b(n * size.K + k)` : `b(k * size.N + n)`;
  const right = geluB
    ? factor(`gelu(${stored})`, "float32", compute)
    : factor(stored, b.spec.dtype, compute);
  const factors = `fn left(m: u32, k: u32) -> f32 { return ${factor(left, a.spec.dtype, compute)}; }
fn right(k: u32, n: u32) -> f32 { return ${right}; }`;
  const store = `fn store(m: u32, n: u32, sum: f32) {
  let at = m * size.N + n;
  var t = sum${bias ? " + bias(n)" : ""};
  ${z ? "set_z(at, t);" : ""}
  ${activation === "gelu" ? "t = gelu(t);" : ""}
  ${argument ? "t *= geluDerivative(argument(at));" : ""}
  set_c(at, t${addend ? " + addend(at)" : ""});
}`;
  const read = { ...(bias && { bias }), ...(addend && { addend }), ...(argument && { argument }) };
  return productPasses(call, {
    ...{ M: N === 0 ? 0 : c.spec.size / N, N, K },
    factors: { code: factors, operands: { a, b } },
    result: { code: store, operands: { ...read, c, ...(z && { z }) } },
    alongLeft: transposeA ? "m" : "k",
    alongRight: transposeB ? "k" : "n",
  });
}
