import { describe, expect, test } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { ShapeError } from "../base/errors.js";
import { fuse } from "./fuse.js";
import { gradient } from "./gradient.js";
import { scope } from "./trace.js";
import { add } from "./ops/arithmetic.js";
import { exp, gelu, relu } from "./ops/elementwise.js";
import { conv2d } from "./ops/convolution.js";
import { layerNorm } from "./ops/layer-norm.js";
import { linear } from "./ops/matmul.js";
import { mean } from "./ops/reduce.js";
import { sum } from "./ops/broadcast.js";
import { ancestors } from "./order.js";
import { placeholder } from "./placeholder.js";
import { plan } from "./plan.js";
import { adamWUpdate } from "./ops/update.js";
import { type Tensor, spec } from "./tensor.js";

const x = placeholder(spec([5, 4]), "x");
const state = (shape: readonly number[], path: string): Tensor =>
  placeholder(spec(shape), path, "state");
const parameters = {
  gain: state([4], "gain"),
  shift: state([4], "shift"),
  up: state([6, 4], "up"),
  upBias: state([6], "upBias"),
  down: state([4, 6], "down"),
};

function mlpLoss(): Tensor {
  const { gain, shift, up, upBias, down } = parameters;
  const normed = layerNorm(x, gain, shift, { epsilon: 1e-6, dtype: "float32" });
  return mean(exp(add(x, linear(gelu(linear(normed, up, upBias)), down))));
}

const feeds = new Map(
  [x, ...Object.values(parameters)].map((tensor, seed) => [
    tensor,
    Array.from({ length: tensor.size }, (_, i) => Math.cos(3 * i + seed)),
  ]),
);

describe("fuse", () => {
  test("merges bias, GELU, its gradient and additions into products without changing results", () => {
    const loss = mlpLoss();
    const gradients = Object.values(gradient(loss, parameters)) as Tensor[];
    const roots = [loss, ...gradients];
    const fused = fuse(roots);
    const before = evaluate(roots, feeds);
    const after = evaluate(fused, feeds);
    for (const [index, values] of before.entries()) {
      for (const [i, value] of values.entries()) expect(after[index]?.[i]).toBeCloseTo(value, 12);
    }
    const names = ancestors(fused).map(({ op }) => op.name);
    // Forward: the GELU and the residual are fused into the two products. The GELU recomputed for the backward pass is
    // fused into the gradient of a weight.
    expect(names).not.toContain("gelu");
    expect(names).not.toContain("geluGradient");
  });

  test("applies relu to the input of a convolution", () => {
    const image = placeholder(spec([1, 4, 4, 2]), "image");
    const kernel = placeholder(spec([3, 3, 3, 2]), "kernel");
    const bias = placeholder(spec([3]), "bias");
    const [fused] = fuse([conv2d(relu(image), kernel, { bias })]);
    expect(ancestors([fused!]).map(({ op }) => op.name)).not.toContain("relu");
  });

  test("applies relu to the result of a convolution, if nothing else needs it", () => {
    const image = placeholder(spec([1, 4, 4, 2]), "image");
    const kernel = placeholder(spec([2, 3, 3, 2]), "kernel");
    const whole = conv2d(image, kernel);
    const namesOf = (roots: readonly Tensor[]): string[] =>
      ancestors(fuse(roots)).map(({ op }) => op.name);
    expect(namesOf([relu(whole)])).not.toContain("relu");
    expect(namesOf([relu(whole), whole])).toContain("relu");
  });
});

describe("plan", () => {
  const chain = (length: number): Tensor => {
    let y = x;
    for (let i = 0; i < length; i++) y = linear(y, state([4, 4], `w${i}`));
    return sum(y);
  };

  test("reuses memory: a chain of any length needs two buffers", () => {
    const bytes = (length: number): number =>
      plan({ outputs: new Map([["y", chain(length)]]), updates: new Map() }, false).arenaBytes;
    expect(bytes(20)).toBe(bytes(3));
  });

  test("updates a parameter as soon as its gradient is complete and nothing reads it any more", () => {
    const first = state([4, 4], "first");
    const second = state([4, 4], "second");
    const loss = sum(linear(exp(linear(x, first)), second));
    const gradients = gradient(loss, [first, second]) as Tensor[];
    const options = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, rateFactor: 1 };
    const updates = new Map(
      [first, second].flatMap((parameter, index) => {
        const [m, v] = [state([4, 4], `m${index}`), state([4, 4], `v${index}`)];
        const learningRate = placeholder(spec([]), "rate");
        const step = placeholder(spec([]), "step");
        const gradient = gradients[index]!;
        const { updated } = adamWUpdate(
          [{ parameter, first: m, second: v, gradient }],
          { learningRate, step },
          options,
        );
        const next = updated[0]!;
        return [
          [parameter, next.parameter],
          [m, next.first],
          [v, next.second],
        ] as const;
      }),
    );
    const made = plan({ outputs: new Map([["loss", loss]]), updates }, false);
    const names = made.instructions.map(({ op }) => op.name);
    const secondUpdate = names.indexOf("adamW");
    expect(secondUpdate).toBeGreaterThan(0);
    // The second parameter is updated before the first parameter's gradient is computed.
    expect(names.slice(secondUpdate + 1)).toContain("matmul");
    const reads = made.instructions.flatMap(({ inputs }, index) =>
      inputs.some(({ place }) => place.kind === "state" && place.path === "second") ? [index] : [],
    );
    expect(reads.at(-1)).toBe(secondUpdate);
  });

  test("computes what depends on constant state only once, before the rest", () => {
    const weight = state([4, 4], "weight");
    const made = plan(
      { outputs: new Map([["y", linear(x, exp(weight))]]), updates: new Map() },
      true,
    );
    expect(made.instructions.map(({ op }) => op.name)).toEqual(["exp", "packWeights", "matmul"]);
    expect(made.preparing).toBe(2);
    const [origin] = made.shared.keys();
    expect(origin).toMatch(/^packWeights\{.*\}\(exp\{\}\(weight.*\)/);
    expect(made.preparedBytes).toBe(0);
  });

  test("packs weights that a program does not update, and only those", () => {
    const weight = state([4, 4], "weight");
    const outputs = new Map([["y", linear(x, weight)]]);
    const names = (updates: Map<Tensor, Tensor>): string[] =>
      plan({ outputs, updates }, true).instructions.map(({ op }) => op.name);
    expect(names(new Map())).toEqual(["packWeights", "matmul"]);
    expect(names(new Map([[weight, exp(weight)]]))).toEqual(["matmul", "exp", "copy"]);
  });
});

test("shape errors arise while tracing and name the operation, its place and both shapes", () => {
  const trace = (): Tensor => scope("block3", () => linear(x, state([6, 5], "weight")));
  expect(trace).toThrow(ShapeError);
  expect(trace).toThrow(
    "matmul in block3 was given float32[5, 4] and float32[6, 5]; it expects factors that are summed over the same size, not 4 and 5.",
  );
});
