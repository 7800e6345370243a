/** Random numbers, the words of which are those of `base/random.ts`. */
import { type Kernel, type KernelCall, type Operand, literal } from "../pass.js";
import { mapPass } from "./map.js";

const functions = /* wgsl */ `
fn rotated(x: u32, bits: u32) -> u32 { return (x << bits) | (x >> (32u - bits)); }
fn threefry(k0: u32, k1: u32, c0: u32, c1: u32) -> vec2u {
  var keys = array<u32, 3>(k0, k1, 0x1bd11bdau ^ k0 ^ k1);
  var rotations = array<u32, 8>(13u, 15u, 26u, 6u, 17u, 29u, 16u, 24u);
  var x = vec2u(c0 + k0, c1 + k1);
  for (var round = 0u; round < 20u; round++) {
    x.x += x.y;
    x.y = rotated(x.y, rotations[round % 8u]) ^ x.x;
    if (round % 4u == 3u) {
      let injection = round / 4u + 1u;
      x += vec2u(keys[injection % 3u], keys[(injection + 1u) % 3u] + injection);
    }
  }
  return x;
}
fn wordsAt(i: u32) -> vec2u { return threefry(bitcast<u32>(key(0u)), bitcast<u32>(key(1u)), i, 0u); }
fn unitInterval(bits: u32) -> f32 { return (f32(bits >> 9u) + 0.5) * 1.1920928955078125e-7; }
`;

const generator =
  (element: string) =>
  ({ inputs: [key], outputs: [output] }: KernelCall): Kernel => ({
    passes: [mapPass({ output: output!, operands: { key: key! }, element, functions })],
  });

export const uniformKernel = generator("return unitInterval(wordsAt(i).x);");
export const gumbelKernel = generator("return -logarithm(-logarithm(unitInterval(wordsAt(i).x)));");
export const normalKernel = generator(
  "let words = wordsAt(i);\nreturn sqrt(-2.0 * logarithm(unitInterval(words.x))) * cosineOfTurns(unitInterval(words.y));",
);

export function dropoutKernel({ inputs, outputs: [output], attributes }: KernelCall): Kernel {
  const [x, key] = inputs as [Operand, Operand];
  const rate = attributes.rate as number;
  const element = `return select(0.0, x(i) * ${literal(1 / (1 - rate))}, unitInterval(wordsAt(i).x) >= ${literal(rate)});`;
  return { passes: [mapPass({ output: output!, operands: { x, key }, element, functions })] };
}

export function foldInKernel({ inputs, outputs: [output], attributes }: KernelCall): Kernel {
  const [key, data] = inputs as [Operand, Operand?];
  const constant = (attributes.constant as number) >>> 0;
  const counter = data ? "bitcast<u32>(data(0u))" : "0u";
  const element = `let words = threefry(bitcast<u32>(key(0u)), bitcast<u32>(key(1u)), ${constant}u, ${counter});
return bitcast<i32>(words[i]);`;
  const operands = { key, ...(data && { data }) };
  return { passes: [mapPass({ output: output!, operands, element, functions })] };
}
