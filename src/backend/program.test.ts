import { afterAll, describe, expect, test } from "vitest";
import { NonFiniteError } from "../base/errors.js";
import { mapTree } from "../base/tree.js";
import { scope } from "../graph/trace.js";
import { gradient } from "../graph/gradient.js";
import { add, multiply } from "../graph/ops/arithmetic.js";
import { affine } from "../graph/ops/affine.js";
import { clamp, exp, log } from "../graph/ops/elementwise.js";
import { linear } from "../graph/ops/matmul.js";
import { allGather } from "../graph/ops/collective.js";
import { sum } from "../graph/ops/broadcast.js";
import { fill } from "../graph/ops/fill.js";
import { checkFinite } from "../graph/ops/update.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { constant } from "../graph/placeholder.js";
import { spec } from "../graph/tensor.js";
import { adamW, adamWMoments } from "../optim/adamw.js";
import { type Backend, allocateAll } from "./backend.js";
import { nativeBackend, nativeLevels } from "./native.js";
import { compile } from "./program.js";
import { referenceBackend } from "./reference.js";
import { State } from "./state.js";
import type { Values } from "./values.js";
import { openWasm } from "./wasm/open.js";

const backends: Backend[] = [
  referenceBackend(),
  openWasm({ threads: 2 }),
  ...(nativeLevels().length > 0 ? [nativeBackend({ threads: 2 })] : []),
];
afterAll(() => {
  for (const backend of backends) backend.dispose();
});

describe.each(backends)("programs on the $name backend", (backend) => {
  test("find the tensors of a state apart, and zeros where it was disposed of", async () => {
    const sizes = { a: spec([3]), empty: spec([0]), b: spec([], "int32"), c: spec([70]) };
    const state = new State(backend, sizes);
    for (const round of [1, 2]) {
      expect(await state.read("c")).toEqual(new Float32Array(70));
      state.writeAll({
        a: new Float32Array(3).fill(round),
        empty: new Float32Array(0),
        b: Int32Array.of(-round),
        c: new Float32Array(70).fill(10 * round),
      });
      expect(await state.read("a")).toEqual(new Float32Array(3).fill(round));
      expect(await state.read("b")).toEqual(Int32Array.of(-round));
      expect(await state.read("c")).toEqual(new Float32Array(70).fill(10 * round));
      state.dispose();
    }
  });

  test("update the state they return and read it in the next run", async () => {
    const state = new State(backend, { weight: spec([2]), step: spec([]) });
    const program = compile({ state, inputs: { x: spec([2]) } }, (s, { x }) => {
      const loss = sum(multiply(multiply(s.weight, s.weight), x));
      const dWeight = gradient(loss, s.weight);
      if (!dWeight) throw new Error("no gradient");
      return {
        outputs: { loss },
        state: { weight: add(s.weight, affine(dWeight, -0.25, 0)), step: affine(s.step, 1, 1) },
      };
    });
    state.write("weight", Float32Array.of(4, 8));
    expect((await program.run({ x: Float32Array.of(1, 1) })).loss).toEqual(Float32Array.of(80));
    expect(await state.read("weight")).toEqual(Float32Array.of(2, 4));
    expect((await program.run({ x: Float32Array.of(1, 0) })).loss).toEqual(Float32Array.of(4));
    expect(await state.read("step")).toEqual(Float32Array.of(2));
  });

  test("give each value of state that they update, whenever it is read", async () => {
    const [size, one] = [1000, { x: spec([1000]) }];
    const state = new State(backend, {
      ...one,
      moments: adamWMoments(one),
      count: spec([], "int32"),
    });
    state.write("x", new Float32Array(size).fill(1));
    const program = compile({ state, inputs: {} }, ({ x, moments, count }) => {
      const scalars = { learningRate: fill([], 0.5), step: fill([], 1) };
      const gradients = { x: fill([size], 1) };
      const next = adamW({ parameters: { x }, moments, gradients, ...scalars }, { weightDecay: 0 });
      const moved = next.parameters.x!;
      const limited = clamp(moved, 0.75, 2);
      const view = reshape(x, [1, size]);
      return {
        outputs: { x, view, moved, later: affine(moved, 2, 0), sum: sum(moved), limited, count },
        state: { x: limited, moments: next.moments, count: affine(count, 1, 1) },
      };
    });
    const { sum: total, count, ...others } = await program.run({});
    const first = mapTree(others, ([value]: Values) => value);
    expect(first).toEqual({ x: 1, view: 1, moved: 0.5, later: 1, limited: 0.75 });
    expect([total[0], count[0]]).toEqual([500, 0]);
    expect((await state.read("x"))[0]).toBe(0.75);
  });

  test("refuse an update whose result is not returned, which would overwrite the state all the same", () => {
    const one = { x: spec([2]) };
    const state = new State(backend, { ...one, moments: adamWMoments(one) });
    const program = (): unknown =>
      compile({ state, inputs: {} }, ({ x, moments }) => {
        const scalars = { learningRate: fill([], 0.5), step: fill([], 1) };
        const gradients = { x: fill([2], 1) };
        const next = adamW({ parameters: { x }, moments, gradients, ...scalars });
        return { outputs: { norm: next.updateNorm }, state: { moments: next.moments } };
      });
    expect(program).toThrow('updates the state at "x", but does not return its new value');
  });

  test("share state with others, and prepare weights anew after a write", async () => {
    const state = new State(backend, { weight: spec([1, 2]) });
    const product = compile({ state, inputs: { x: spec([1, 2]) } }, (s, { x }) => ({
      outputs: { y: linear(x, s.weight) },
    }));
    const doubling = compile({ state, inputs: {} }, (s) => ({
      outputs: {},
      state: { weight: affine(s.weight, 2, 0) },
    }));
    const x = Float32Array.of(1, 1);
    state.write("weight", Float32Array.of(1, 2));
    expect((await product.run({ x })).y).toEqual(Float32Array.of(3));
    await doubling.run({});
    expect((await product.run({ x })).y).toEqual(Float32Array.of(6));
    state.write("weight", Float32Array.of(5, 5));
    expect((await product.run({ x })).y).toEqual(Float32Array.of(10));
  });

  test("share what they compute from state alone, and compute it once after each write", async () => {
    let allocations: number[] = []; // tensors that were allocated together
    const prepared: number[] = [];
    const watched: Backend = {
      ...backend,
      allocateTogether: (tensors) => {
        allocations.push(tensors.length);
        return allocateAll(backend, tensors);
      },
      load: (plan, memoryOf) => {
        const executable = backend.load(plan, memoryOf);
        return {
          run: (first, last, ...rest) => {
            prepared[prepared.length - 1]! += Math.max(0, Math.min(last, plan.preparing) - first);
            return executable.run(first, last, ...rest);
          },
          inspect: (last, inputs) => executable.inspect(last, inputs),
          read: (tensor) => executable.read(tensor),
          write: (tensor, values) => executable.write(tensor, values),
          dispose: () => executable.dispose(),
        };
      },
    };
    const state = new State(watched, { weight: spec([2, 2]), table: spec([4]) });
    state.allocate();
    allocations = [];
    const programs = [1, 2, 3].map((rows) =>
      compile({ state, inputs: { x: spec([rows, 2]) } }, (s, { x }) => {
        const y = linear(x, exp(s.weight), constant(Float32Array.of(1, 2), [2]));
        return { outputs: { y, some: affine(slice(s.table, 0, 0, rows), 1, rows) } };
      }),
    );
    for (const value of [0, Math.log(2)]) {
      state.write("weight", new Float32Array(4).fill(value));
      for (const [index, program] of programs.entries()) {
        prepared.push(0);
        const { y } = await program.run({ x: new Float32Array(2 * (index + 1)).fill(1) });
        expect(y[0]).toBeCloseTo(2 * Math.exp(value) + 1, 5);
      }
    }
    const ofWeight = backend.packsWeights ? 2 : 1;
    const [first, others] = [2 + ofWeight, 2];
    expect(prepared).toEqual([first, others, others, first, others, others]);
    expect(allocations.filter(Boolean)).toEqual([2, 1, 1]); // what is made of the weight and of the table
    for (const program of programs) program.dispose();
    await programs[1]!.run({ x: new Float32Array(4) });
    expect(allocations.filter(Boolean)).toEqual([2, 1, 1, 2]);
  });

  test("refuse writes to the state while they run, and reads if they update it", async () => {
    const state = new State(backend, { weight: spec([2]) });
    const reading = compile({ state, inputs: {} }, (s) => ({ outputs: { y: exp(s.weight) } }));
    const updating = compile({ state, inputs: {} }, (s) => ({
      outputs: {},
      state: { weight: affine(s.weight, 2, 1) },
    }));
    const write = (): void => {
      state.write("weight", Float32Array.of(5, 6));
    };
    write();
    const first = reading.run({});
    expect(write).toThrow('"weight" cannot be written while a program runs on it');
    expect(() => {
      state.writePart("weight", 0, Float32Array.of(1));
    }).toThrow(/cannot be written/);
    expect(await state.read("weight")).toEqual(Float32Array.of(5, 6));
    const second = updating.run({});
    await expect(state.read("weight")).rejects.toThrow(
      /"weight" cannot be read while .* updates its state runs/,
    );
    await Promise.all([first, second]);
    expect(await state.read("weight")).toEqual(Float32Array.of(11, 13));
    await expect(reading.run({}, { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(write).not.toThrow();
  });

  test("keep constants between runs", async () => {
    const state = new State(backend, {});
    const program = compile({ state, inputs: { x: spec([2]) } }, (_, { x }) => ({
      outputs: { y: multiply(x, constant(Float32Array.of(2, 3), [2])) },
    }));
    for (const x of [1, 10]) {
      const { y } = await program.run({ x: Float32Array.of(x, x) });
      expect(y).toEqual(Float32Array.of(2 * x, 3 * x));
    }
  });

  test("name the run and the first operation that made a value non-finite, and leave the state alone", async () => {
    const state = new State(backend, { weight: spec([2]) });
    const program = compile({ state, inputs: { x: spec([2]) } }, (s, { x }) => {
      const y = scope("head", () => log(multiply(s.weight, x)));
      const loss = checkFinite(sum(exp(y)));
      return { outputs: { loss }, state: { weight: multiply(s.weight, loss) } };
    });
    state.write("weight", Float32Array.of(1, 2));
    await program.run({ x: Float32Array.of(1, 0.5) });
    const before = await state.read("weight");
    const failure = program.run({ x: Float32Array.of(1, NaN) });
    await expect(failure).rejects.toThrow(NonFiniteError);
    await expect(failure).rejects.toThrow(/Run 2 .* multiply in head/);
    expect(await state.read("weight")).toEqual(before);
  });

  test("refuse inputs of the wrong type, naming them", async () => {
    const state = new State(backend, {});
    const program = compile({ state, inputs: { x: spec([2, 3]) } }, (_, { x }) => ({
      outputs: { y: exp(x) },
    }));
    await expect(program.run({ x: new Float32Array(5) })).rejects.toThrow(
      'The input "x" is float32[2, 3] and takes 6 elements, but 5 were given.',
    );
    await expect(program.run({ x: new Int32Array(6) })).rejects.toThrow(
      /takes a Float32Array, not a Int32Array/,
    );
    await expect(program.run({} as never)).rejects.toThrow(
      'The input "x" (float32[2, 3]) is missing.',
    );
  });

  test("refuse to allocate what does not fit, with the sizes", async () => {
    const state = new State(backend, { weight: spec([1e6, 1e6]) });
    await expect(state.read("weight")).rejects.toThrow(
      /The state of this model needs 4000 GB more memory, but .* are available/,
    );
  });

  test("ask only for what the shared arena grows by", async () => {
    const attempt = (arenaBytes: number): Promise<unknown> => {
      const state = new State({ ...backend, arenaBytes: () => arenaBytes }, {});
      const program = compile({ state, inputs: {} }, () => ({
        outputs: { y: sum(exp(fill([2 ** 48], 1))) },
      }));
      return program.run({});
    };
    await expect(attempt(0)).rejects.toThrow(/This program .* needs .* more memory/);
    // Then there is nothing to ask for, and the memory itself is what fails.
    await expect(attempt(2 ** 52)).rejects.toThrow(/allocat/i);
  });

  test("stop when their signal is aborted", async () => {
    const state = new State(backend, {});
    const program = compile({ state, inputs: { x: spec([256, 256]) } }, (_, { x }) => {
      let y = x;
      for (let i = 0; i < 50; i++) y = linear(y, x);
      return { outputs: { y: sum(y) } };
    });
    const reason = new Error("enough");
    const controller = new AbortController();
    const run = program.run({ x: new Float32Array(65536) }, controller);
    setTimeout(() => {
      controller.abort(reason);
    }, 5);
    const outcome = await run.then(
      () => "finished",
      (error: unknown) => error,
    );
    // A fast machine may finish first; a run that is aborted before it starts never does.
    if (outcome !== "finished") expect(outcome).toBe(reason);
    await expect(program.run({ x: new Float32Array(65536) }, controller)).rejects.toBe(reason);
  });

  test.each([
    ["log in head", [-1, 1], 1],
    ["checkFinite, or before it but after collectiveStart", [1, 2], NaN],
  ])("with collectives name %s as the first to become non-finite", async (named, x, others) => {
    const processes = {
      ...{ size: 2, rank: 0, hosts: [] },
      gather: (_: number, values: Float64Array) =>
        Promise.resolve([values, new Float64Array(values.length).fill(others)]),
    };
    const state = new State(referenceBackend({ processes }), {});
    const program = compile({ state, inputs: { x: spec([2]) } }, (_, given) => {
      const y = scope("head", () => log(given.x));
      return { outputs: { y: checkFinite(sum(allGather(y, processes, 1))) } };
    });
    const failure = program.run({ x: Float32Array.from(x) });
    await expect(failure).rejects.toThrow(NonFiniteError);
    await expect(failure).rejects.toThrow(`first in ${named}.`);
  });
});

test("what is no tensor is refused where it is given, by the compiler as well", () => {
  const inputs = { x: spec([2]) };
  const state = new State(backends[0]!, {});
  // @ts-expect-error: a shape is no spec
  const shapes = () => compile({ state, inputs: { x: [2] } }, () => ({ outputs: {} }));
  expect(shapes).toThrow('The input at "x/0" is 2; it should be spec(shape).');
  // @ts-expect-error: a function is no tensor
  const functions = () => compile({ state, inputs }, (_, { x }) => ({ outputs: { of: () => x } }));
  expect(functions).toThrow('The output at "of" is a function');
  expect(() => new State(backends[0]!, { weight: [2, 4] })).toThrow('The state at "weight/0" is 2');
});

test.skipIf(nativeLevels().length === 0)(
  "a native backend that was disposed of says so, and leaves nothing to free",
  async () => {
    const backend = nativeBackend({ threads: 1 });
    const state = new State(backend, { w: spec([2]) });
    const programs = Array.from({ length: 2 }, () =>
      compile({ state, inputs: {} }, ({ w }) => ({ outputs: { w } })),
    );
    await programs[0]!.run({});
    backend.dispose();
    for (const program of programs) {
      await expect(program.run({})).rejects.toThrow("This backend was disposed of");
    }
    await expect(state.read("w")).rejects.toThrow("This backend was disposed of");
    for (const used of [...programs, state, backend]) used.dispose();
  },
);
