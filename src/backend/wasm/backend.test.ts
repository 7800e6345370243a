import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { OutOfMemoryError } from "../../base/errors.js";
import { packagePath } from "../../base/package-root.js";
import { add } from "../../graph/ops/arithmetic.js";
import { tanh } from "../../graph/ops/elementwise.js";
import { linear } from "../../graph/ops/matmul.js";
import { sumOfSquares } from "../../graph/ops/update.js";
import { type Tensor, spec } from "../../graph/tensor.js";
import type { Backend } from "../backend.js";
import { compile } from "../program.js";
import { State } from "../state.js";
import { wasmBackend } from "./backend.js";
import { executorHere } from "./executor.js";
import { WasmInstance } from "./instance.js";
import { openWasm } from "./open.js";
import { Module } from "./webassembly.js";

const bytes = readFileSync(packagePath("native", "wasm", "flava.wasm"));
const here = wasmBackend({ module: new Module(bytes), threads: 1, executor: executorHere });
const inWorkers = openWasm({ threads: 3 });
afterAll(() => {
  for (const backend of [here, inWorkers]) backend.dispose();
});

const width = 256;

/** A program of so many layers with one weight. */
function layers(backend: Backend, count: number) {
  const state = new State(backend, { weight: spec([width, width]) });
  state.write(
    "weight",
    Float32Array.from({ length: width ** 2 }, (_, i) => Math.sin(i)),
  );
  return compile({ state, inputs: { x: spec([width, width]) } }, ({ weight }, { x }) => {
    let y: Tensor = x;
    for (let i = 0; i < count; i++) y = add(x, tanh(linear(y, weight)));
    return { outputs: { y } };
  });
}

const x = Float32Array.from({ length: width ** 2 }, (_, i) => Math.cos(i));

it("gives the same bits in this thread and in workers", async () => {
  const [a, b] = await Promise.all(
    [here, inWorkers].map((backend) => layers(backend, 20).run({ x })),
  );
  expect(a).toEqual(b);
  expect(new Set(a!.y).size).toBeGreaterThan(1000);
});

it("runs instructions with thousands of operands, as updates of all parameters at once have", async () => {
  const program = compile(
    { state: new State(inWorkers, {}), inputs: { x: spec([2]) } },
    (_, { x: y }) => ({ outputs: { sum: sumOfSquares(Array.from({ length: 10_000 }, () => y)) } }),
  );
  const { sum } = await program.run({ x: Float32Array.of(1, 2) });
  expect(sum).toEqual(Float32Array.of(50_000));
});

it.each([
  ["this thread", here],
  ["workers", inWorkers],
])("stops in %s between two instructions, and runs again", async (_, backend) => {
  const program = layers(backend, 2000);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 5);
  await expect(program.run({ x }, { signal: controller.signal })).rejects.toThrow("enough");
  expect(new Set((await layers(backend, 1).run({ x })).y).size).toBeGreaterThan(1000);
  program.dispose();
});

it("says that its memory ends at 4 GiB, and takes what fits afterwards", async () => {
  const backend = openWasm({ threads: 1 });
  expect(() => backend.allocate(spec([1.2e9]))).toThrow(OutOfMemoryError);
  expect(() => backend.allocate(spec([1.2e9]))).toThrow(/allocate 4\.47 GiB more.* 4 GiB are its/);
  expect(await backend.allocate(spec([3])).read()).toEqual(new Float32Array(3));
  backend.dispose();
});

it("uses freed memory again, filled with zeros", () => {
  const instance = new WasmInstance(new Module(bytes));
  const allocate = (size: number): number => {
    const address = instance.allocate(size)!;
    const memory = instance.bytes(address, size);
    expect([address % 64, memory.some((byte) => byte !== 0)]).toEqual([0, false]);
    memory.fill(1);
    return address;
  };
  let [first, second, third] = [100_000, 1, 300_000].map(allocate) as [number, number, number];
  const { byteLength } = instance.memory.buffer;
  for (let i = 0; i < 100; i++) {
    for (const address of i % 2 === 0 ? [first, second] : [second, first])
      instance.release(address);
    [second, first] = [allocate(1 + i), allocate(100_000)]; // the freed blocks are one again
    instance.release(third);
    third = allocate(300_000 - i);
  }
  expect(instance.memory.buffer.byteLength - byteLength).toBeLessThanOrEqual(300_000);
});

it("refuses to run once it is closed", async () => {
  const backend = openWasm({ threads: 1 });
  const program = layers(backend, 1);
  backend.dispose();
  await expect(program.run({ x })).rejects.toThrow("closed");
});

it("is compiled from the sources in native/", () => {
  const build = packagePath("native", "build-wasm.mjs");
  const env = { ...process.env, WASM_CXX: "no-compiler" };
  const { status, stderr } = spawnSync(process.execPath, [build, "--check"], { env });
  expect([status, String(stderr)]).toEqual([0, ""]);
});
