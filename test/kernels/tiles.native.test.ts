import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../src/backend/program.js";
import { State } from "../../src/backend/state.js";
import { fromBfloat16, toBfloat16 } from "../../src/backend/values.js";
import { product } from "../../src/graph/ops/matmul.js";
import { spec } from "../../src/graph/tensor.js";
import { disposeBackends, nativeWith, normals } from "./conformance.js";

const [M, K, N] = [37, 300, 70];

/** Bfloat16 numbers of several magnitudes around 2 ** exponent. */
function numbers(size: number, seed: number, exponent: number): Float32Array {
  const exponents = normals(size, seed + 1, 3, exponent);
  const scaled = normals(size, seed).map((x, i) => x * 2 ** Math.round(exponents[i]!));
  return fromBfloat16(toBfloat16(scaled));
}

/** Denormal numbers are zeros to TDPBF16PS, as operands and as results. */
const flush = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 : x);
const round = (x: number): number => flush(Math.fround(x));

/**
 * An element of the product in the order of TDPBF16PS (Intel SDM, volume 2): of each 32 numbers along K, those at even
 * and at odd places are summed up by themselves.
 */
function element(a: Float32Array, b: Float32Array, m: number, n: number): number {
  let total = 0;
  for (let first = 0; first < K; first += 32) {
    const halves = [0, 0];
    for (let k = first; k < Math.min(K, first + 32); k++) {
      halves[k % 2] = round(flush(a[m * K + k]!) * flush(b[n * K + k]!) + halves[k % 2]!);
    }
    total = round(total + round(halves[0]! + halves[1]!));
  }
  return total;
}

describe.runIf(process.env.FLAVA_LEVEL?.startsWith("amx"))("products on tiles", () => {
  afterAll(disposeBackends);
  it.each([
    ["of usual size", 0],
    ["whose products are denormal numbers, or nearly", -64],
  ])(
    "have the bits that the instruction is documented to give, for numbers %s",
    async (_, exponent) => {
      const backend = nativeWith(2);
      const inputs = { a: spec([M, K]), b: spec([N, K]) };
      const program = compile({ state: new State(backend, {}), inputs }, (_state, { a, b }) => ({
        outputs: { c: product(a, b, { transposeB: true, compute: "bfloat16" }) },
      }));
      const [a, b] = [numbers(M * K, 21, exponent), numbers(N * K, 23, exponent)];
      const { c } = await program.run({ a, b });
      const expected = Float32Array.from({ length: M * N }, (_, i) =>
        element(a, b, Math.floor(i / N), i % N),
      );
      expect(c).toEqual(expected);
      program.dispose();
    },
  );
});
