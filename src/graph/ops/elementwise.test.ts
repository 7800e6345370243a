import { describe, expect, it } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { encoded } from "../../../test/evaluate.js";
import { checkGradient, run } from "../../../test/gradient-check.js";
import { placeholder } from "../placeholder.js";
import { type Dtype, type Tensor, spec } from "../tensor.js";
import {
  absolute,
  clamp,
  cosine,
  exp,
  gelu,
  geluGradient,
  log,
  relu,
  sigmoid,
  sign,
  sqrt,
  stopGradient,
  tanh,
} from "./elementwise.js";
import { affine } from "./affine.js";
import { cast, saturate } from "./cast.js";
import { negate, reciprocal } from "./arithmetic.js";
import { erf } from "./erf.js";

const tensorOf = (dtype: Dtype): Tensor => placeholder(spec([2], dtype), "x");
const values = [-2.5, -1, -0.3, 0.2, 1, 4];
const positive = values.map(Math.abs);

describe("elementwise functions", () => {
  it.each([
    ["exp", exp, Math.exp, values],
    ["log", log, Math.log, positive],
    ["tanh", tanh, Math.tanh, values],
    ["relu", relu, (x: number) => Math.max(x, 0), values],
    ["sigmoid", sigmoid, (x: number) => 1 / (1 + Math.exp(-x)), values],
    ["sqrt", sqrt, Math.sqrt, positive],
    ["negate", negate, (x: number) => -x, values],
    ["reciprocal", reciprocal, (x: number) => 1 / x, values],
    ["absolute", absolute, Math.abs, values],
    ["cosine", cosine, Math.cos, values],
    ["affine", (x: Tensor) => affine(x, -2, 3), (x: number) => -2 * x + 3, values],
    [
      "clamp",
      (x: Tensor) => clamp(x, -0.5, 2),
      (x: number) => Math.min(Math.max(x, -0.5), 2),
      values,
    ],
  ] as const)("%s has its values and its gradient", (_name, traced, plain, points) => {
    const argument = { shape: [2, 3], values: points };
    expect(run(traced, argument)[0]).toEqual(closeTo(points.map(plain)));
    checkGradient(traced, argument);
    checkGradient(traced, { ...argument, dtype: "bfloat16" });
  });

  it("gelu is x times the normal distribution", () => {
    const expected = [
      -0.015524163314440348, -0.15865525393145707, -0.1146265733433142, 0.11585194188782061,
      0.8413447460685429,
    ];
    const [result] = run(gelu, { shape: [5], values: values.slice(0, 5) });
    expect(result).toEqual(closeTo(expected));
    checkGradient(gelu, { shape: [6], values });
  });

  it("sign has values and passes no gradient", () => {
    expect(run(sign, { shape: [3], values: [-2, 0, 5] })[0]).toEqual([-1, 0, 1]);
    checkGradient((x, y) => [sign(x), y], { shape: [2], differentiable: false }, { shape: [] });
  });

  it("relu keeps what is not a number", () => {
    expect(run(relu, { shape: [3], values: [NaN, -1, 2] })[0]).toEqual([NaN, 0, 2]);
  });

  it("passes the gradient of clamp at the bounds", () => {
    const x = { shape: [4], values: [-1.5, -1, 1, 1.5] };
    const [result] = run(
      (input, dy) => {
        const { node } = clamp(input, -1, 1);
        return [node.op.gradient!(node, [dy])[0]!];
      },
      x,
      { shape: [4], values: [1, 2, 3, 4] },
    );
    expect(result).toEqual([0, 2, 3, 0]);
  });

  it("passes no gradient through stopGradient", () => {
    expect(run(stopGradient, { shape: [6], values })[0]).toEqual(values);
    checkGradient(
      (x, y) => [stopGradient(x), y],
      { shape: [2], differentiable: false },
      { shape: [2] },
    );
  });

  it("computes in place where the dtype stays", () => {
    const pairs = (value: Dtype, dy: Dtype): unknown => {
      const { op, inputs } = geluGradient(tensorOf(value), tensorOf(dy), {}).node;
      return op.inPlace?.({}, inputs);
    };
    expect(pairs("float32", "float32")).toEqual([
      [0, 1],
      [0, 0],
    ]);
    expect(pairs("bfloat16", "float32")).toEqual([[0, 1]]);
  });

  it("tells its constants to the native kernels", () => {
    expect(encoded(affine(tensorOf("float32"), 2, 3))).toEqual([2, 3]);
    expect(encoded(clamp(tensorOf("float32"), -1, 4))).toEqual([-1, 4]);
  });

  it("refuses whole numbers", () => {
    expect(() => exp(tensorOf("int32"))).toThrow(/exp.*int32\[2\]/);
  });
});

describe("cast", () => {
  it("truncates to int32 and rounds and saturates to int8", () => {
    const x = { shape: [6], values: [-1.7, 1.7, 2.5, 3.5, 300, -300] };
    expect(run((t) => [cast(t, "int32"), cast(t, "int8")], x)).toEqual([
      [-1, 1, 2, 3, 300, -300],
      [-2, 2, 2, 4, 127, -128],
    ]);
    expect(saturate(-2.5)).toBe(-2);
  });

  it("passes its gradient in the dtype of its input", () => {
    checkGradient((x) => cast(x, "float32"), { shape: [3], dtype: "bfloat16" });
    checkGradient((x) => cast(x, "bfloat16"), { shape: [3] });
  });

  it("is nothing where the dtype stays", () => {
    const x = tensorOf("int8");
    expect(cast(x, "int8")).toBe(x);
  });
});

describe("erf", () => {
  it.each([
    [0, 0],
    [1e-9, 1.1283791670955127e-9],
    [0.5, 0.5204998778130465],
    [1.5, 0.9661051464753108],
    [2.4999, 0.9995928300996666],
    [2.5001, 0.9995932657565293],
    [4, 0.9999999845827421],
    [7, 1],
  ])("of %d is %d", (x, expected) => {
    expect(erf(x)).toBeCloseTo(expected, 15);
    expect(erf(-x)).toBeCloseTo(-expected, 15);
  });

  it("of what is not a number is not one", () => {
    expect(erf(NaN)).toBeNaN();
  });
});
