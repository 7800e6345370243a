import { describe, expect, test } from "vitest";
import { NonFiniteError } from "../../src/base/errors.js";
import { compile } from "../../src/backend/program.js";
import { State } from "../../src/backend/state.js";
import { affine } from "../../src/graph/ops/affine.js";
import { add } from "../../src/graph/ops/arithmetic.js";
import { rangeOf } from "../../src/graph/ops/block-ranges.js";
import {
  type AdamWAttributes,
  type AdamWState,
  adamWUpdate,
  checkFinite,
  squaresByBlock,
  sumInOrder,
  sumOfSquares,
} from "../../src/graph/ops/update.js";
import { type Dtype, type Tensor, spec } from "../../src/graph/tensor.js";
import {
  type Argument,
  combinations,
  conform,
  describeNative,
  expectSameBits,
  floats,
  nativeWith,
  normals,
  sizes,
  truths,
} from "./conformance.js";

const stateOf = ({ parameter, first, second }: AdamWState): Tensor[] => [parameter, first, second];

const constants = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, rateFactor: 1 };

function adamWith(attributes: Omit<AdamWAttributes, "hasScale" | "begins">) {
  return (...inputs: Tensor[]): Tensor[] => {
    const [parameter, first, second, gradient, learningRate, step, scale] = inputs as [
      ...[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor],
      Tensor?,
    ];
    const tensors = [{ parameter, first, second, gradient }];
    const results = adamWUpdate(tensors, { learningRate, step, scale }, attributes);
    return [...stateOf(results.updated[0]!), results.squaredUpdateNorm];
  };
}

function argumentsOf(size: number, gradient: Dtype, step: number, hasScale: boolean): Argument[] {
  const shape = [size];
  const scalar = (value: number): Argument => ({ shape: [], values: [value] });
  const args: Argument[] = [
    { shape },
    { shape, values: normals(size, 1, 0.1) },
    { shape, values: normals(size, 2, 0.1).map((x) => x * x + 0.01) },
    { shape, dtype: gradient, values: normals(size, 3, 0.1) },
    scalar(1e-3),
    scalar(step),
  ];
  return hasScale ? [...args, scalar(0.37)] : args;
}

/** The move is the learning rate times a quotient of rounded moments. */
const tolerance = [
  { relative: 2e-7, absolute: 1e-8 },
  { relative: 3e-7, absolute: 1e-8 },
  { relative: 3e-7, absolute: 1e-9 },
  { relative: 1e-3, absolute: 1e-12 }, // moves are differences of rounded parameters
];

describeNative("adamW", () => {
  test.each(combinations({ gradient: floats, hasScale: truths }))(
    "of all sizes: gradient $gradient, scale $hasScale",
    async ({ gradient, hasScale }) => {
      for (const size of [0, ...sizes, 20001]) {
        for (const step of [1, 2, 1000]) {
          await conform(
            `adamW, step ${step}`,
            adamWith(constants),
            argumentsOf(size, gradient, step, hasScale),
            tolerance,
          );
        }
      }
    },
  );

  test("with other constants", async () => {
    for (const other of [
      { ...constants, rateFactor: 0.65 },
      { ...constants, weightDecay: 0 },
      { ...constants, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 },
    ]) {
      await conform(
        `adamW ${JSON.stringify(other)}`,
        adamWith(other),
        argumentsOf(101, "float32", 7, true),
        tolerance,
      );
    }
  });

  test("gives the same bits for any number of threads", async () => {
    await expectSameBits("adamW", adamWith(constants), argumentsOf(300_007, "float32", 3, true));
  });

  test("of several parameters in one pass", async () => {
    const several = [5, 20_001, 0, 8192, 300].map((size) => argumentsOf(size, "float32", 3, true));
    const [parameters, firsts, seconds, gradients] = [0, 1, 2, 3].map((group) =>
      several.map((args) => args[group]!),
    ) as [Argument[], Argument[], Argument[], Argument[]];
    const scalars = several[0]!.slice(4);
    gradients[3] = { ...gradients[3]!, dtype: "bfloat16" };
    const f = (...inputs: Tensor[]): Tensor[] => {
      const count = several.length;
      const [learningRate, step, scale] = inputs.slice(4 * count) as [Tensor, Tensor, Tensor];
      const tensors = several.map((_, index) => {
        const at = (group: number): Tensor => inputs[group * count + index]!;
        return { parameter: at(0), first: at(1), second: at(2), gradient: at(3) };
      });
      const results = adamWUpdate(tensors, { learningRate, step, scale }, constants);
      return [...results.updated.flatMap(stateOf), results.squaredUpdateNorm];
    };
    const args = [...parameters, ...firsts, ...seconds, ...gradients, ...scalars];
    await conform("adamW of several", f, args, [
      ...several.flatMap(() => tolerance.slice(0, 3)),
      tolerance[3]!,
    ]);
    await expectSameBits("adamW of several", f, args);
  });

  test("of a range of a parameter", async () => {
    const [size, begin, length] = [20_001, 8192, 8200];
    const [parameter, , , gradient, ...scalars] = argumentsOf(size, "float32", 3, true);
    const [, first, second] = argumentsOf(length, "float32", 3, true);
    const f = (...inputs: Tensor[]): Tensor[] => {
      const [p, m, v, g, learningRate, step, scale] = inputs as [Tensor, ...Tensor[]];
      const tensors = [{ parameter: p, first: m!, second: v!, gradient: g!, begin }];
      const given = { learningRate: learningRate!, step: step!, scale };
      const { updated, squaredUpdateNorm } = adamWUpdate(tensors, given, constants);
      return [...stateOf(updated[0]!), squaredUpdateNorm];
    };
    const args = [parameter!, first!, second!, gradient!, ...scalars];
    await conform("adamW of a range", f, args, tolerance);
  });

  describe.each([NaN, Infinity, -Infinity])("given a gradient with %s", (wrong) => {
    test.each([0, 6, 70_000])("at element %i fails, and keeps it from the state", async (at) => {
      const size = at + 3;
      const shape = spec([size]);
      const state = new State(nativeWith(2), {
        parameter: shape,
        first: shape,
        second: shape,
        step: spec([]),
      });
      const program = compile(
        { state, inputs: { gradient: shape, learningRate: spec([]) } },
        (s, given) => {
          const tensors = [{ ...s, gradient: given.gradient }];
          const { updated } = adamWUpdate(tensors, { ...s, ...given }, constants);
          return { outputs: {}, state: { ...updated[0]! } };
        },
      );
      for (const [i, path] of ["parameter", "first", "second"].entries()) {
        state.write(path, normals(size, i).map(Math.abs));
      }
      state.write("step", Float32Array.of(1));
      const gradient = normals(size, 9);
      gradient[at] = wrong;
      const run = program.run({ gradient, learningRate: Float32Array.of(0.1) });
      await expect(run).rejects.toThrow(NonFiniteError);
      for (const path of state.paths) {
        expect((await state.read(path)).every(Number.isFinite)).toBe(true);
      }
      program.dispose();
      state.dispose();
    });
  });
});

describeNative("sumOfSquares", () => {
  test("of all sizes and dtypes", async () => {
    for (const size of [0, ...sizes, 70001]) {
      for (const { a, b } of combinations({ a: floats, b: floats })) {
        const args = [
          { shape: [size], dtype: a },
          { shape: [3, 5], dtype: b },
        ];
        await conform("sumOfSquares", (...inputs) => sumOfSquares(inputs), args, {
          relative: 3e-6,
        });
      }
    }
  });

  test("of many tensors", async () => {
    const args = Array.from({ length: 40 }, (_, i): Argument => ({ shape: [(i * 97) % 400] }));
    await conform("sumOfSquares", (...inputs) => sumOfSquares(inputs), args, { relative: 3e-6 });
    await conform("sumOfSquares", (...inputs) => sumOfSquares(inputs), []);
  });

  // WebGPU computes in a single process.
  const testOfProcesses = test.skipIf(process.env.FLAVA_BACKEND === "webgpu");
  testOfProcesses("has the bits of sums by block, each computed by one of them", async () => {
    const args = [5, 50_001, 8192, 300].map((size): Argument => ({ shape: [size] }));
    const f = (...inputs: Tensor[]): Tensor[] => {
      const parts = [0, 1, 2].map((rank) =>
        squaresByBlock(
          inputs,
          inputs.map(({ size }) => rangeOf(size, { size: 3, rank })),
        ),
      );
      const difference = add(sumInOrder(parts.reduce(add)), affine(sumOfSquares(inputs), -1, 0));
      return [difference, ...parts];
    };
    const exact = { relative: 0, absolute: 0 };
    await conform("squaresByBlock", f, args, [exact, ...[0, 1, 2].map(() => ({ relative: 3e-6 }))]);
  });

  test("gives the same bits for any number of threads", async () => {
    const args = [{ shape: [200_003] }, { shape: [7, 501] }];
    await expectSameBits("sumOfSquares", (...inputs) => sumOfSquares(inputs), args);
  });
});

describeNative("checkFinite", () => {
  test("passes finite numbers on", async () => {
    for (const size of [0, ...sizes, 5001]) {
      for (const dtype of floats) {
        await conform("checkFinite", checkFinite, [{ shape: [size], dtype }]);
        await conform("checkFinite", (x) => [checkFinite(x), x], [{ shape: [size], dtype }]);
      }
    }
  });

  test("fails if one is not finite, at any position", async () => {
    for (const dtype of floats) {
      const state = new State(nativeWith(2), {});
      for (const [size, at] of [
        [1, 0],
        [33, 32],
        [70_001, 69_999],
      ] as const) {
        const inputs = { x: spec([size], dtype) };
        const program = compile({ state, inputs }, (_, { x }) => ({ outputs: checkFinite(x) }));
        for (const wrong of [NaN, Infinity, -Infinity]) {
          const x = normals(size, 1);
          x[at] = wrong;
          await expect(program.run({ x })).rejects.toThrow(NonFiniteError);
        }
        program.dispose();
      }
    }
  });
});
