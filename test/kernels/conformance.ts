/**
 * Holds the native kernels, or with FLAVA_BACKEND=wasm or webgpu those of another backend, to the reference kernels, which
 * compute in double precision and round nothing.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { foldIn, keyOf, normal } from "../../src/base/random.js";
import type { Backend } from "../../src/backend/backend.js";
import { nativeBackend, nativeLevels } from "../../src/backend/native.js";
import { compile } from "../../src/backend/program.js";
import { referenceBackend } from "../../src/backend/reference.js";
import { State } from "../../src/backend/state.js";
import { openTestDevice } from "../webgpu.js";
import { openWasm } from "../../src/backend/wasm/open.js";
import { type Values, fromBfloat16, toBfloat16 } from "../../src/backend/values.js";
import { type Dtype, type Shape, type Tensor, sizeOf, spec } from "../../src/graph/tensor.js";
import { recording } from "./recording.js";

/** An input of the operation under test. */
export interface Argument {
  readonly shape: Shape;
  /** Default: float32. */
  readonly dtype?: Dtype;
  /** Default: standard normal numbers. Numbers that are stored as bfloat16 are rounded first. */
  readonly values?: ArrayLike<number> | ((index: number) => number);
  /** It lies in the state, which does not change: weights are packed. Default: it is given to each run. */
  readonly constant?: boolean;
  /** The kernel rounds it to bfloat16; the reference is given the rounded numbers. */
  readonly rounded?: boolean;
}

/** How far a result may lie from the exact one, beyond the rounding of bfloat16 results. Default: not at all. */
export interface Tolerance {
  /** Relative to the exact value of the element itself. */
  readonly relative?: number;
  readonly absolute?: number;
  /** Relative to the exact result as a whole, by their Euclidean norms; replaces `relative`. */
  readonly norm?: number;
}

export type Traced = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

const inWasm = process.env.FLAVA_BACKEND === "wasm";
const device = process.env.FLAVA_BACKEND === "webgpu" ? await openTestDevice() : undefined;

/** WGSL lets a device take denormal numbers for zeros. */
export const takesDenormals = device === undefined;

/** A group of tests that need the kernels; the native ones run on the level that `FLAVA_LEVEL` names (default: the best). */
export function describeNative(family: string, tests: () => void): void {
  if (device === undefined && process.env.FLAVA_BACKEND === "webgpu")
    test.skip(`${family}: no WebGPU`);
  else if (device || inWasm || nativeLevels().length > 0)
    describe(family, () => {
      afterAll(disposeBackends);
      tests();
    });
  else test.skip(`${family}: the native kernels are not built`);
}

/**
 * The cases; on WebGPU one in so many, where each has shaders of its own, which take seconds to compile. Tests that count their
 * turns begin at different cases, and so try all of them together.
 */
export function fewerOnDevice<Case>(
  cases: readonly Case[],
  { turn = 0, oneIn = 6 } = {},
): readonly Case[] {
  return device ? cases.filter((_, i) => (i + turn) % oneIn === 0) : cases;
}

export const floats = ["float32", "bfloat16"] as const;
export const truths = [false, true] as const;

/** Sizes of one vector and of several, of a panel of weights, and their neighbors. */
export const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129] as const;

/** Every choice of one value of each option. */
export function combinations<O extends Readonly<Record<string, readonly unknown[]>>>(
  options: O,
): { [K in keyof O]: O[K][number] }[] {
  const choices = Object.entries(options).reduce<Record<string, unknown>[]>(
    (found, [name, values]) =>
      found.flatMap((choice) => values.map((value) => ({ ...choice, [name]: value }))),
    [{}],
  );
  return choices as { [K in keyof O]: O[K][number] }[];
}

/** Random shapes whose axes have sizes from 1 to `limits[axis]`, the same every time. */
export function randomShapes(count: number, ...limits: readonly number[]): number[][] {
  const axes = limits.map((limit) => fc.integer({ min: 1, max: limit }));
  return fc.sample(fc.tuple(...axes), { numRuns: count, seed: 1729 });
}

/** So many different numbers serve each seed: a prime, lest they fall into step with the axes of a tensor. */
const period = 65537;
const drawn = new Map<number, Float32Array>();

/** Scaled and shifted normal numbers, the same for the same seed. */
export function normals(size: number, seed: number, std = 1, mean = 0): Float32Array {
  let numbers = drawn.get(seed);
  if (!numbers || numbers.length < Math.min(size, period)) {
    numbers = normal(foldIn(keyOf(11), seed), Math.min(2 * size, period));
    drawn.set(seed, numbers);
  }
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = numbers[i % period]! * std + mean;
  return values;
}

const reference = referenceBackend();
const native = new Map<number, Backend>();
if (device) afterAll(() => device.dispose());

/** Gives the threads of `nativeWith` back; it starts them again. */
export function disposeBackends(): void {
  for (const backend of native.values()) backend.dispose();
  native.clear();
}

/** The backend under test with so many threads. Those who call it outside of `describeNative` call `disposeBackends`. */
export function nativeWith(threads: number): Backend {
  if (device) return device;
  let backend = native.get(threads);
  if (!backend) {
    backend = inWasm ? openWasm({ threads }) : nativeBackend({ threads });
    native.set(threads, backend);
  }
  return backend;
}

function valuesOf({ shape, dtype = "float32", values }: Argument, seed: number): Values {
  const size = sizeOf(shape);
  const given =
    typeof values === "function" ? Array.from({ length: size }, (_, i) => values(i)) : values;
  const numbers = given ?? normals(size, seed);
  if (numbers.length !== size)
    throw new Error(`${size} values are needed, ${numbers.length} are given`);
  if (dtype === "int8") return Int8Array.from(numbers);
  if (dtype === "int32") return Int32Array.from(numbers);
  const stored = Float32Array.from(numbers);
  return dtype === "bfloat16" ? fromBfloat16(toBfloat16(stored)) : stored;
}

interface Result {
  readonly values: Values;
  readonly dtype: Dtype;
}

/** The results of `f` on a backend, of each of so many runs. */
async function run(
  backend: Backend,
  f: Traced,
  args: readonly Argument[],
  values: readonly Values[],
  times = 1,
): Promise<Result[][]> {
  const specs = (constant: boolean) =>
    Object.fromEntries(
      args.flatMap(({ shape, dtype, constant: own = false }, i) =>
        own === constant ? [[String(i), spec(shape, dtype)]] : [],
      ),
    );
  const inputs = specs(false);
  const state = new State(backend, specs(true));
  for (const path of state.paths) state.write(path, values[Number(path)]!);
  let dtypes: Dtype[] = [];
  const program = compile({ state, inputs }, (constants, given) => {
    const outputs = [f(...args.map((_, i) => (constants[i] ?? given[i])!))].flat();
    dtypes = outputs.map(({ dtype }) => dtype);
    return { outputs };
  });
  try {
    const results: Result[][] = [];
    for (let time = 0; time < times; time++) {
      const fed = Object.fromEntries(
        Object.keys(inputs).map((path) => [path, values[Number(path)]!]),
      );
      const outputs = await program.run(fed);
      results.push(outputs.map((output, i) => ({ values: output, dtype: dtypes[i]! })));
    }
    return results;
  } finally {
    program.dispose();
    state.dispose();
  }
}

/** Half a step of bfloat16, relative to the least number of its binade, and what rounding to float32 first may add. */
const halfStep = 2 ** -8 * (1 + 2 ** -14);

/** How the norm of the error exceeds a part of that of the exact result; `absolute` is per element. */
function faultOfNorm(
  expected: Values,
  actual: Values,
  relative: number,
  absolute: number,
): string | undefined {
  let [error, whole] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i]! - expected[i]!) ** 2;
    whole += expected[i]! ** 2;
  }
  const allowed = relative * Math.sqrt(whole) + absolute * Math.sqrt(expected.length);
  if (Math.sqrt(error) <= allowed) return undefined;
  return `the norm of the error is ${Math.sqrt(error)}, where ${allowed} is allowed`;
}

/** Where and how `actual` fails to be `expected`; undefined if it does not. */
function faultOf(expected: Result, actual: Result, given: Tolerance): string | undefined {
  const { relative = 0, absolute = 0, norm } = device ? onDevice(given) : given;
  if (actual.values.length !== expected.values.length || actual.dtype !== expected.dtype) {
    return `${actual.values.length} ${actual.dtype}, not ${expected.values.length} ${expected.dtype}`;
  }
  const own = (norm ?? relative) + (actual.dtype === "bfloat16" ? halfStep : 0);
  if (norm !== undefined) return faultOfNorm(expected.values, actual.values, own, absolute);
  let worst = 0;
  let fault: string | undefined;
  for (let i = 0; i < expected.values.length; i++) {
    const [right, found] = [expected.values[i]!, actual.values[i]!];
    if (found === right || (Number.isNaN(found) && Number.isNaN(right))) continue;
    const allowed = own * Math.abs(right) + absolute;
    const excess = Number.isFinite(right) ? Math.abs(found - right) - allowed : Infinity;
    if (excess <= worst) continue; // never true of NaN
    worst = Number.isNaN(excess) ? Infinity : excess;
    fault = `element ${i} is ${found}, not ${right}, where ${allowed} is allowed`;
  }
  return fault;
}

/** WGSL leaves the last bits of its functions open. */
const onDevice = ({ relative = 0, absolute = 0, norm }: Tolerance): Tolerance => ({
  relative: Math.max(relative, 1e-4),
  absolute: Math.max(absolute, 1e-5),
  ...(norm !== undefined && { norm: Math.max(norm, 1e-4) }),
});

/** Why the tolerance checks nothing: it lets zeros pass. A few numbers may happen to be small. */
function laxityOf(expected: Result, tolerance: Tolerance): string | undefined {
  const few = 16;
  if (expected.values.filter((value) => value !== 0).length < few) return undefined;
  const zeros = { ...expected, values: new Float32Array(expected.values.length) };
  return faultOf(expected, zeros, tolerance) ? undefined : "the tolerance lets zeros pass";
}

/**
 * What GELU, or its slope times a sum of K products of normal numbers, may be off where the result is rounded to bfloat16:
 * the errors that native/simd-math.h states.
 */
export function ofActivation(
  activation: "none" | "gelu" | "geluGradient",
  dtype: "float32" | "bfloat16",
  K: number,
): number {
  if (activation === "none" || dtype === "float32") return 0;
  return activation === "gelu" ? 5e-5 : 7e-5 * (4 * Math.sqrt(K) + 8);
}

function describeCase(what: string, args: readonly Argument[]): string {
  const specs = args.map(
    ({ shape, dtype, constant }) => `${String(spec(shape, dtype))}${constant ? " constant" : ""}`,
  );
  return `${what} of ${specs.join(", ")}`;
}

const programs = join(import.meta.dirname, "../../build/programs");

/**
 * The native backend with two threads; one case in 16 is left in build/programs, to be run again under sanitizers.
 */
function nativeFor(description: string, fails: boolean): Backend {
  const backend = nativeWith(2);
  const digest = createHash("sha256").update(description).digest("hex").slice(0, 16);
  if (device || !digest.startsWith("0")) return backend;
  const [operation] = description.split(" ", 1);
  return recording(backend, join(programs, `${operation!}-${digest}.program`), fails);
}

/** Expects all results of `f` on the native backend to be those of the reference, within a tolerance (of each result). */
export async function conform(
  what: string,
  f: Traced,
  args: readonly Argument[],
  tolerance: Tolerance | readonly Tolerance[] = {},
): Promise<void> {
  const description = describeCase(what, args);
  const values = args.map(valuesOf);
  const exact = args.map((arg, i) =>
    arg.rounded ? valuesOf({ ...arg, dtype: "bfloat16" }, i) : values[i]!,
  );
  const [expected] = (await run(reference, f, args, exact)) as [Result[]];
  const [actual] = (await run(nativeFor(description, false), f, args, values)) as [Result[]];
  const faults = expected.map((result, i) => {
    const allowed = ((Array.isArray(tolerance) ? tolerance[i] : tolerance) ?? {}) as Tolerance;
    const fault = faultOf(result, actual[i]!, allowed) ?? laxityOf(result, allowed);
    return fault && `result ${i} of ${description}: ${fault}`;
  });
  expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
}

/** The last is more than there are cores. Those of WebAssembly are workers, which take longer to start. */
const threadCounts = [1, 2, 3, inWasm ? 8 : 64];

/** Expects the same bits from every number of threads, and from a second run. */
export async function expectSameBits(
  what: string,
  f: Traced,
  args: readonly Argument[],
): Promise<void> {
  const values = args.map(valuesOf);
  const bits = (results: readonly Result[]): Buffer =>
    Buffer.concat(results.map(({ values: { buffer } }) => Buffer.from(buffer as ArrayBuffer)));
  const runs = (
    await Promise.all(threadCounts.map((threads) => run(nativeWith(threads), f, args, values, 2)))
  ).flat();
  const [first, ...others] = runs.map(bits) as [Buffer, ...Buffer[]];
  const different = others.filter((other) => !other.equals(first)).length;
  expect(different, `runs of ${describeCase(what, args)} that differ from the first`).toBe(0);
}

/** Expects the run to fail on both backends, with words that match. */
export async function expectFailure(
  f: Traced,
  args: readonly Argument[],
  words: RegExp,
): Promise<void> {
  const values = args.map(valuesOf);
  const description = describeCase(`failure ${String(words)}`, args);
  for (const backend of [reference, nativeFor(description, true)]) {
    await expect(run(backend, f, args, values)).rejects.toThrow(words);
  }
}

/** The gradients that the rule of the operation behind `result` gives for its inputs, `gradients` being its results'. */
export function gradientsOf(
  result: Tensor,
  gradients: readonly (Tensor | undefined)[],
): readonly (Tensor | undefined)[] {
  const { op, inputs, outputs, attributes } = result.node;
  return op.gradient?.({ inputs, outputs, attributes }, gradients) ?? [];
}
