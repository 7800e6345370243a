import { afterAll, describe, expect, it } from "vitest";
import { openTestDevice } from "../../../test/webgpu.js";
import { NonFiniteError } from "../../base/errors.js";
import { add, multiply } from "../../graph/ops/arithmetic.js";
import { allGather } from "../../graph/ops/collective.js";
import { exp, gelu } from "../../graph/ops/elementwise.js";
import { fill } from "../../graph/ops/fill.js";
import { gatherRows } from "../../graph/ops/gather.js";
import { layerNorm } from "../../graph/ops/layer-norm.js";
import { linear } from "../../graph/ops/matmul.js";
import { adamWUpdate, checkFinite } from "../../graph/ops/update.js";
import { sum } from "../../graph/ops/broadcast.js";
import { spec } from "../../graph/tensor.js";
import type { Backend } from "../backend.js";
import { compile } from "../program.js";
import { referenceBackend } from "../reference.js";
import { State } from "../state.js";

const device = await openTestDevice();
afterAll(() => device?.dispose());

describe.skipIf(device === undefined)("the WebGPU backend", () => {
  const backend = device!;

  it("computes what the reference does, chains of small operations as one", async () => {
    const [rows, width] = [3, 5];
    const x = Float32Array.from({ length: rows * width }, (_, i) => Math.cos(i));
    const resultOn = async (where: Backend) => {
      const state = new State(where, { weight: spec([width, width]), gain: spec([width]) });
      state.write(
        "weight",
        Float32Array.from({ length: width ** 2 }, (_, i) => Math.sin(i)),
      );
      state.write(
        "gain",
        Float32Array.from({ length: width }, (_, i) => 1 + i),
      );
      const program = compile({ state, inputs: { x: spec([rows, width]) } }, (s, inputs) => {
        const y = multiply(add(exp(linear(inputs.x, s.weight)), 1), gelu(inputs.x));
        const narrow = layerNorm(y, s.gain, s.gain, { epsilon: 1e-6, dtype: "bfloat16" });
        return { outputs: { y, narrow } };
      });
      return program.run({ x });
    };
    const [found, expected] = [
      await resultOn(backend),
      await resultOn(referenceBackend({ precision: "float32" })),
    ];
    for (const name of ["y", "narrow"] as const) {
      for (const [i, value] of expected[name].entries()) {
        expect(found[name][i]).toBeCloseTo(value, name === "y" ? 4 : 1);
      }
    }
  });

  it("leaves the state alone once a value is not finite, and names the operation", async () => {
    const state = new State(backend, { weight: spec([2]) });
    state.write("weight", Float32Array.of(1, 2));
    const program = compile({ state, inputs: { x: spec([2]) } }, (s, { x }) => {
      const loss = checkFinite(sum(multiply(s.weight, x)));
      return { outputs: { loss }, state: { weight: multiply(s.weight, loss) } };
    });
    const failure = program.run({ x: Float32Array.of(1, NaN) });
    await expect(failure).rejects.toThrow(NonFiniteError);
    await expect(failure).rejects.toThrow(/multiply/);
    expect(await state.read("weight")).toEqual(Float32Array.of(1, 2));
    await program.run({ x: Float32Array.of(1, 1) });
    expect(await state.read("weight")).toEqual(Float32Array.of(3, 6));
  });

  // More gradients than one pass can bind, of more numbers than one workgroup takes.
  it.each([undefined, 0.5])(
    "updates no parameter if one gradient is not finite, with scale %s",
    async (scale) => {
      const shapes = [5000, 3, 70, 1024, 1, 1025, 9, 4097, 300].map((size) => spec([size]));
      const tree = { parameters: shapes, first: shapes, second: shapes };
      const state = new State(backend, tree);
      const start = (size: number) => new Float32Array(size).fill(0.25);
      for (const path of state.paths) state.write(path, start(state.spec(path).size));
      const program = compile({ state, inputs: { gradients: shapes } }, (s, { gradients }) => {
        const tensors = s.parameters.map((parameter, n) => {
          return { parameter, first: s.first[n]!, second: s.second[n]!, gradient: gradients[n]! };
        });
        const given = { learningRate: fill([], 0.1), step: fill([], 1) };
        const factor = scale === undefined ? undefined : fill([], scale);
        const constants = {
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0,
          rateFactor: 1,
        };
        const { updated } = adamWUpdate(tensors, { ...given, scale: factor }, constants);
        const group = (name: "parameter" | "first" | "second") => updated.map((one) => one[name]);
        const next = {
          parameters: group("parameter"),
          first: group("first"),
          second: group("second"),
        };
        return { outputs: {}, state: next };
      });
      const gradients = shapes.map(({ size }) => new Float32Array(size).fill(3));
      for (const [wrong, at] of [
        [0, 4999],
        [7, 4096],
        [8, 0],
      ] as const) {
        gradients[wrong]![at] = NaN;
        await expect(program.run({ gradients })).rejects.toThrow(NonFiniteError);
        for (const path of state.paths)
          expect(await state.read(path)).toEqual(start(state.spec(path).size));
        gradients[wrong]![at] = 3;
      }
      await program.run({ gradients });
      for (const path of state.paths) expect(await state.read(path)).not.toContain(0.25);
    },
  );

  it("says which index is out of range", async () => {
    const inputs = { table: spec([3, 2]), ids: spec([2], "int32") };
    const program = compile({ state: new State(backend, {}), inputs }, (_, { table, ids }) => ({
      outputs: { rows: gatherRows(table, ids) },
    }));
    const table = Float32Array.of(1, 2, 3, 4, 5, 6);
    const { rows } = await program.run({ table, ids: Int32Array.of(2, -1) });
    expect(rows).toEqual(Float32Array.of(5, 6, 0, 0));
    await expect(program.run({ table, ids: Int32Array.of(0, 7) })).rejects.toThrow(
      "The index 7 is out of range for a table of 3 rows.",
    );
  });

  it("refuses operations that it does not have", async () => {
    const state = new State(backend, {});
    const program = compile({ state, inputs: { x: spec([2]) } }, (_, { x }) => ({
      outputs: { all: allGather(x, { size: 2, rank: 0 }, 0) },
    }));
    await expect(program.run({ x: new Float32Array(2) })).rejects.toThrow(
      /does not have the operation collectiveStart/,
    );
  });

  it("refuses tensors larger than the adapter can bind", () => {
    expect(() => backend.allocate(spec([2 ** 31]))).toThrow(/takes 8192 MiB, but .* binds at most/);
  });
});
