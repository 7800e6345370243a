import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeAttributes } from "../../backend/encode.js";
import { randomValues, run } from "../../../test/gradient-check.js";
import { apply } from "../trace.js";
import { placeholder } from "../placeholder.js";
import { type Tensor, spec } from "../tensor.js";
import { add, multiply } from "./arithmetic.js";
import { cast } from "./cast.js";
import { gelu } from "./elementwise.js";
import { linear } from "./matmul.js";
import {
  packQuantized,
  packWeights,
  packedQuantizedBytes,
  packedWeightsBytes,
} from "./pack-weights.js";
import { quantizeWeights, quantizedLinear } from "./quantize.js";
import { reshape } from "./reshape.js";

const quantized = (weight: Tensor): readonly Tensor[] => {
  const { values, scale } = quantizeWeights(weight);
  return [values, scale];
};

describe("quantizeWeights", () => {
  it("is right to half a step, and reaches 127 in every row that is not zero", () => {
    const row = fc.array(fc.float({ min: -1e3, max: 1e3, noNaN: true }), {
      minLength: 5,
      maxLength: 5,
    });
    fc.assert(
      fc.property(row, (weights) => {
        const [values, scale] = run(quantized, { shape: [1, 5], values: weights });
        const [step] = scale as [number];
        const highest = Math.max(...values!.map(Math.abs));
        expect(highest).toBe(weights.every((weight) => weight === 0) ? 0 : 127);
        for (const [i, weight] of weights.entries()) {
          expect(Math.abs(values![i]! * step - weight)).toBeLessThanOrEqual(step * 0.5000001);
        }
      }),
    );
  });

  it("rounds half to even and gives a row of zeros the scale 1", () => {
    const [values, scale] = run(quantized, {
      shape: [2, 4],
      values: [127, 0.5, 1.5, -2.5, 0, 0, 0, 0],
    });
    expect(values).toEqual([127, 0, 2, -2, 0, 0, 0, 0]);
    expect(scale).toEqual([1, 1]);
  });
});

describe("quantizedLinear", () => {
  it("refuses sums that 32 bits may not hold, unless activations are exact", () => {
    const given = (K: number) =>
      [spec([1, K]), spec([2, K], "int8"), spec([2])].map((each, i) => placeholder(each, `${i}`));
    const multiply = (K: number, activations: "dynamic" | "exact"): Tensor => {
      const [x, values, scale] = given(K) as [Tensor, Tensor, Tensor];
      return quantizedLinear(x, values, scale, { activations });
    };
    expect(() => multiply(65_794, "dynamic")).toThrow(/at most 65,793 columns/);
    expect(multiply(65_793, "dynamic").shape).toEqual([1, 2]);
    expect(multiply(65_794, "exact").shape).toEqual([1, 2]);
  });

  const shapes = [{ shape: [2, 3, 8] }, { shape: [5, 8] }, { shape: [5] }] as const;

  it("with exact activations is the product with the widened weights", () => {
    const bothWays = (x: Tensor, weight: Tensor, bias: Tensor): Tensor[] => {
      const { values, scale } = quantizeWeights(weight);
      const widened = multiply(cast(values, "float32"), reshape(scale, [5, 1]));
      const short = quantizedLinear(x, values, scale, { bias, activations: "exact" });
      return [short, linear(x, widened, bias)];
    };
    const [short, long] = run(bothWays, ...shapes);
    for (const [i, value] of short!.entries()) expect(value).toBeCloseTo(long![i]!, 12);
  });

  it("with dynamic activations is near the exact product", () => {
    const bothWays = (x: Tensor, weight: Tensor, bias: Tensor): Tensor[] => {
      const { values, scale } = quantizeWeights(weight);
      return [quantizedLinear(x, values, scale, { bias }), linear(x, weight, bias)];
    };
    const [near, exact] = run(bothWays, ...shapes);
    const error = Math.max(...near!.map((value, i) => Math.abs(value - exact![i]!)));
    const size = Math.max(...randomValues(48, 0).map(Math.abs));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.02 * size);
  });

  it("applies GELU and adds an addend, in place, when fused", () => {
    const bothWays = (x: Tensor, weight: Tensor, bias: Tensor, addend: Tensor): Tensor[] => {
      const { values, scale } = quantizeWeights(weight);
      const plain = quantizedLinear(x, values, scale, { bias });
      const { op, inputs, attributes } = plain.node;
      const merged = { ...attributes, activation: "gelu", hasAddend: true };
      expect(op.inPlace?.(merged, [...inputs, addend])).toEqual([[0, 4]]);
      return [apply(op, [...inputs, addend], merged), add(gelu(plain), addend)];
    };
    const [fused, parts] = run(bothWays, ...shapes, { shape: [2, 3, 5] });
    for (const [i, value] of fused!.entries()) expect(value).toBeCloseTo(parts![i]!, 12);
  });

  it("refuses what does not fit", () => {
    const x = placeholder(spec([2, 8]), "x");
    const values = placeholder(spec([5, 8], "int8"), "values");
    const scale = placeholder(spec([5]), "scale");
    expect(String(quantizedLinear(x, values, scale))).toBe("float32[2, 5]");
    expect(() => quantizedLinear(x, x, scale)).toThrow("values int8[N, K]");
    expect(() => quantizedLinear(scale, values, scale)).toThrow("x [..., K]");
    expect(() => quantizedLinear(x, values, x)).toThrow("scale and bias of shape [N]");
    expect(() => quantizedLinear(x, values, scale, { bias: x })).toThrow("quantizedMatmul");
  });
});

describe("packed weights", () => {
  const sizes = { K: 30, N: 100 };

  it("have the size of whole panels", () => {
    const plain = { transposeB: true, ...sizes };
    expect(packedWeightsBytes({ ...plain, compute: "float32" })).toBe(128 * 32 * 4);
    expect(packedWeightsBytes({ ...plain, compute: "bfloat16" })).toBe(128 * 32 * 2);
    expect(packedQuantizedBytes({ dynamic: true, ...sizes })).toBe(128 * 32 + 128 * 4);
  });

  it("exist on the native backend only", () => {
    const packing = { transposeB: true, compute: "bfloat16", ...sizes } as const;
    const weight = { shape: [100, 30] };
    expect(() => run((b) => packWeights(b, packing), weight)).toThrow("native backend only");
    const values = { shape: [100, 30], dtype: "int8" } as const;
    expect(() => run((b) => packQuantized(b, { dynamic: true, ...sizes }), values)).toThrow(
      "native backend only",
    );
    const packed = packWeights(placeholder(spec([100, 30]), "weight"), packing);
    expect(String(packed)).toBe("int8[8192]");
    expect(encodeAttributes(packed.node.op, packed.node.attributes)).toEqual([1, 1, 30, 100]);
  });
});
