/** Random functions: fused, scheduled and laid out, they match plain evaluation, node by node. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../src/backend/backend.js";
import { nativeBackend, nativeLevels } from "../src/backend/native.js";
import { compile } from "../src/backend/program.js";
import { referenceBackend } from "../src/backend/reference.js";
import { openWasm } from "../src/backend/wasm/open.js";
import { State } from "../src/backend/state.js";
import { gradient } from "../src/graph/gradient.js";
import { add, maximum, multiply, subtract } from "../src/graph/ops/arithmetic.js";
import { sum } from "../src/graph/ops/broadcast.js";
import { concatenate } from "../src/graph/ops/concatenate.js";
import { gelu, relu, sigmoid, tanh } from "../src/graph/ops/elementwise.js";
import { layerNorm } from "../src/graph/ops/layer-norm.js";
import { linear, product } from "../src/graph/ops/matmul.js";
import { permute } from "../src/graph/ops/permute.js";
import { mean } from "../src/graph/ops/reduce.js";
import { reshape } from "../src/graph/ops/reshape.js";
import { slice } from "../src/graph/ops/slice.js";
import { softmax } from "../src/graph/ops/softmax.js";
import { type Tensor, spec } from "../src/graph/tensor.js";
import { evaluate } from "./evaluate.js";
import { openTestDevice } from "./webgpu.js";

/** All tensors of a random function are matrices [n, n], so that any of them fits any operation. */
const n = 6;
const matrix = spec([n, n]);
const vector = spec([n]);
const specs = { weight: matrix, bias: vector, gain: vector, memory: matrix, other: matrix };
type Parameters<T> = Record<keyof typeof specs, T>;

/** Operations on matrices whose results stay small, whatever their depth. */
const operations: ((p: Parameters<Tensor>, a: Tensor, b: Tensor) => Tensor)[] = [
  (_, a, b) => tanh(add(a, b)),
  (_, a, b) => subtract(a, b),
  (_, a, b) => tanh(multiply(a, b)),
  (_, a, b) => maximum(a, b),
  (_, a) => gelu(a),
  (_, a) => relu(a),
  (_, a) => sigmoid(a),
  (_, a) => softmax(a),
  (p, a) => linear(a, p.weight, p.bias),
  (p, a, b) => add(gelu(linear(a, p.weight, p.bias)), b),
  (_, a, b) => tanh(product(a, b, { transposeA: true })),
  (p, a) => layerNorm(a, p.gain, p.bias, { epsilon: 1e-3, dtype: "float32" }),
  (_, a) => permute(a, [1, 0]),
  (_, a) => reshape(permute(reshape(a, [2, 3, n]), [1, 0, 2]), [n, n]),
  (_, a, b) => concatenate([slice(a, 0, 1, 4), slice(b, 0, 3, n)], 0),
  (_, a, b) => concatenate([slice(a, 1, 0, 2), slice(b, 1, 2, n)], 1),
  (_, a) => add(a, mean(a, [0])),
  (p, a) => add(a, p.memory),
  (p, a) => tanh(multiply(a, p.other)),
];

const step = fc.record({ operation: fc.nat(operations.length - 1), a: fc.nat(), b: fc.nat() });

interface Recipe {
  readonly steps: readonly { readonly operation: number; readonly a: number; readonly b: number }[];
  /** Which results are outputs, and which become the new values of the state. */
  readonly outputs: readonly number[];
  readonly memory: number;
  readonly other: number;
}

const recipes: fc.Arbitrary<Recipe> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
  outputs: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  memory: fc.nat(),
  other: fc.nat(),
});

/** What the recipe makes of parameters and an input: outputs, a loss with its gradient, and new state. */
function trace(
  recipe: Recipe,
  parameters: Parameters<Tensor>,
  x: Tensor,
): { outputs: Record<string, Tensor>; state: { memory: Tensor; other: Tensor } } {
  const found: Tensor[] = [x];
  const at = (index: number): Tensor => found[index % found.length]!;
  for (const { operation, a, b } of recipe.steps) {
    found.push(operations[operation]!(parameters, at(a), at(b)));
  }
  const loss = sum(multiply(found.at(-1)!, found.at(-1)!));
  const { weight, bias } = gradient(loss, { weight: parameters.weight, bias: parameters.bias });
  const outputs = Object.fromEntries(
    [...recipe.outputs.map(at), loss, weight, bias].flatMap((tensor, index) =>
      tensor ? [[`output${index}`, tensor]] : [],
    ),
  );
  return { outputs, state: { memory: at(recipe.memory), other: at(recipe.other) } };
}

const numbers = (size: number, seed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(1.7 * i + seed)));

/** Two runs of a recipe's program, each with plain evaluation on the state before it. */
async function check(recipe: Recipe, backend: Backend, tolerance: number): Promise<void> {
  const state = new State(backend, specs);
  const values = new Map<string, ArrayLike<number>>();
  for (const [index, path] of state.paths.entries()) {
    const initial = numbers(specs[path as keyof typeof specs].size, index);
    state.write(path, initial);
    values.set(path, initial);
  }
  let roots: Tensor[] = [];
  let placeholders: [string, Tensor][] = [];
  const program = compile({ state, inputs: { x: matrix } }, (parameters, { x }) => {
    const traced = trace(recipe, parameters, x);
    roots = [...Object.values(traced.outputs), traced.state.memory, traced.state.other];
    placeholders = Object.entries({ ...(parameters as object), x });
    return traced;
  });
  for (let run = 0; run < 2; run++) {
    const input = numbers(matrix.size, 100 + run);
    values.set("x", input);
    const feeds = new Map(placeholders.map(([path, tensor]) => [tensor, values.get(path)!]));
    const expected = evaluate(roots, feeds);
    const found = Object.values(await program.run({ x: input }));
    for (const path of ["memory", "other"]) {
      const next = await state.read(path);
      values.set(path, next);
      found.push(next);
    }
    for (const [index, actual] of found.entries()) {
      const scale = Math.max(1, ...expected[index]!.map(Math.abs));
      const errors = expected[index]!.map((value, i) => Math.abs(actual[i]! - value) / scale);
      const wrong = errors.filter((error) => !(error < tolerance)); // NaN as well
      const { length } = expected[index]!;
      expect({ index, length: actual.length, wrong }).toEqual({ index, length, wrong: [] });
    }
  }
  program.dispose();
}

const backends: [string, Backend, number][] = [
  ["reference", referenceBackend(), 1e-5], // plain evaluation rounds less; gradients of saturated tanh lose digits
  ["wasm", openWasm({ threads: 2 }), 1e-3],
];
if (nativeLevels().length > 0) backends.push(["native", nativeBackend({ threads: 2 }), 1e-3]);
if (process.env.FLAVA_BACKEND === "webgpu") {
  const device = await openTestDevice();
  if (device) backends.push(["webgpu", device, 1e-3]);
}
afterAll(() => {
  for (const [, backend] of backends) backend.dispose();
});

describe.each(backends)("random functions on the %s backend", (name, backend, tolerance) => {
  it("match plain evaluation, run after run", { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(recipes, (recipe) => check(recipe, backend, tolerance)),
      { numRuns: name === "webgpu" ? 20 : 150 }, // its shaders take long to compile
    );
  });
});
