// Calls every function of the addon built with AddressSanitizer and UndefinedBehaviorSanitizer: as it is meant to be
// called, with wrong arguments, from several threads, and while runs are in progress. See sanitize.sh.
//
//   node addon.mjs <flava.node>
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, isMainThread, workerData } from "node:worker_threads";

const path = isMainThread ? resolve(process.argv[2]) : workerData;
const addon = createRequire(import.meta.url)(path);

/** The instructions of a program that fills float32[size] at the start of the arena with 3, `times` times. */
function filling(size, times) {
  const instruction = [0, 0, 1, 1, 1, ...[0, 0, 0, 1, size], 3];
  return Float64Array.from(Array.from({ length: times }, () => instruction).flat());
}

/** Runs all instructions of a program, `inputs` being copied first. */
function run(
  context,
  program,
  count,
  { inspect = false, abort = new Int32Array(1), inputs = [] } = {},
) {
  return addon.run(context, program, 0, count, inspect, abort, inputs);
}

function exchangesMemory(context) {
  const id = addon.allocate(context, 64);
  addon.write(context, id, 8, Float32Array.of(1, 2, 3));
  addon.writeTransposed(context, id, 24, Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3);
  assert.deepEqual(
    new Float32Array(addon.read(context, id, 8, 40)),
    Float32Array.of(1, 2, 3, 0, 1, 4, 2, 5, 3, 6),
  );
  assert.throws(() => addon.write(context, id, 56, Float32Array.of(1, 2, 3)), /do not lie/);
  assert.throws(() => addon.read(context, id, -8, 8), /do not lie/);
  assert.throws(() => addon.read(context, id, 0, 2 ** 52), /do not lie/);
  assert.throws(() => addon.writeTransposed(context, id, 0, new Float32Array(6), 4, 2), /matrices/);
  addon.free(context, id);
  assert.throws(() => addon.read(context, id, 0, 8), /no buffer/);
}

function mapsFiles(context) {
  const folder = mkdtempSync(join(tmpdir(), "addon-"));
  const file = join(folder, "numbers");
  writeFileSync(file, Float32Array.of(1, 2, 3, 4));
  const descriptor = openSync(file, "r");
  const id = addon.map(context, descriptor, 16);
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
  addon.write(context, id, 0, Float32Array.of(9));
  assert.deepEqual(new Float32Array(addon.read(context, id, 0, 16)), Float32Array.of(9, 2, 3, 4));
  assert.throws(() => addon.map(context, -1, 16), /cannot map/);
  addon.free(context, id);
}

async function runsPrograms(context) {
  const [size, times] = [100_003, 50];
  addon.reserveArena(context, 4 * size);
  const program = addon.load(context, ["fill(value)"], filling(size, times));
  const inputs = [{ id: 0, offset: 4, data: Float32Array.of(7, 8) }];
  const running = run(context, program, times, { inputs });
  await assert.rejects(run(context, program, times), /already in progress/);
  assert.throws(() => addon.close(context), /during a run/);
  addon.unload(context, program); // the run keeps it
  assert.deepEqual(await running, { status: 0, instruction: times, message: "" });
  const filled = new Float32Array(addon.read(context, 0, 0, 4 * size));
  assert.ok(filled.every((value) => value === 3));
  const again = addon.load(context, ["fill(value)"], filling(size, times));
  assert.equal((await run(context, again, times, { abort: Int32Array.of(1) })).status, 1);
  assert.equal((await run(context, again, times, { inspect: true })).status, 0);
  const outside = [{ id: 0, offset: 4 * size, data: Float32Array.of(7, 8) }];
  await assert.rejects(run(context, again, times, { inputs: outside }), /do not lie/);
  await assert.rejects(run(context, again, times + 1), /not a section/);
  assert.throws(() => addon.load(context, ["fill(value)"], filling(2 ** 60, 1)), /dimension/);
  assert.throws(() => addon.load(context, ["fill(value)"], filling(1, 1).subarray(0, 7)), /early/);
  assert.throws(() => addon.load(context, ["fill(number)"], filling(1, 1)), /but the kernel is/);
}

/** The first and the number of inputs of each output, and equal weights that sum to 2^22, which stands for 1. */
function tapsOf(inputs, outputs, reach) {
  const rows = Array.from({ length: outputs }, (_, output) => {
    const first = Math.min(inputs - reach, Math.floor((output * inputs) / outputs));
    return [first, reach, ...Array.from({ length: reach }, () => Math.floor(2 ** 22 / reach))];
  });
  return Int32Array.from(rows.flat());
}

function resamples() {
  for (const level of addon.levels()) {
    for (const [width, height, outputs, reach] of [
      [1, 1, 1, 1],
      [17, 3, 5, 4],
      [33, 31, 64, 3],
      [100, 65, 7, 30],
    ]) {
      const source = new Uint8Array(3 * width * height).fill(200);
      const rows = new Uint8Array(3 * outputs * height);
      addon.resample(
        "rows",
        source,
        width,
        tapsOf(width, outputs, Math.min(reach, width)),
        rows,
        level,
      );
      const columns = new Uint8Array(3 * width * outputs);
      const along = Math.min(reach, height);
      addon.resample("columns", source, width, tapsOf(height, outputs, along), columns, level);
      for (const value of [...rows, ...columns]) assert.ok(Math.abs(value - 200) <= 1);
    }
    const [source, target] = [new Uint8Array(60), new Uint8Array(30)];
    const call = (taps, width = 10, into = target) =>
      addon.resample("rows", source, width, taps, into, level);
    assert.throws(
      () => call(Int32Array.from([8, 3, 0, 0, 0].concat(...Array(4).fill([0, 1, 1, 0, 0])))),
      /reach out/,
    );
    assert.throws(() => call(Int32Array.from(Array(5).fill([-1, 1, 1]).flat())), /reach out/);
    assert.throws(() => call(Int32Array.from(Array(5).fill([0, 2, 1]).flat())), /reach out/);
    assert.throws(() => call(tapsOf(10, 5, 2), 7), /not rows/);
    assert.throws(() => call(tapsOf(10, 5, 2), 10, new Uint8Array(31)), /not rows/);
  }
}

/** Whatever a function is given: it throws an Error, unless that happens to fit. */
async function refusesWrongArguments() {
  const wrong = [undefined, null, -1, 1.5, NaN, 2 ** 60, "x", {}, [], new Float64Array(1), () => 0];
  const context = addon.open({ threads: 1 });
  const { open, close, ...calls } = addon;
  for (const call of Object.values(calls)) {
    for (const value of wrong) {
      for (const first of [value, context]) {
        try {
          await call(first, ...Array(6).fill(value));
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }
    }
  }
  for (const options of [
    { threads: 0 },
    { threads: 1e9 },
    { threads: "1" },
    { level: "none" },
    1,
  ]) {
    assert.throws(() => open(options));
  }
  close(context);
  assert.throws(() => addon.describe(context), /closed/);
}

/** A context that is dropped while it runs, by a worker that is stopped. */
async function outlivesWorkers() {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: path });
  await new Promise((resolve) => worker.once("message", resolve));
  await worker.terminate();
}

if (isMainThread) {
  for (const level of addon.levels()) {
    for (const threads of [1, 3]) {
      const context = addon.open({ threads, level });
      assert.deepEqual(addon.describe(context), { threads, level });
      exchangesMemory(context);
      mapsFiles(context);
      await runsPrograms(context);
      addon.close(context);
      addon.close(context);
    }
  }
  resamples();
  await refusesWrongArguments();
  for (let worker = 0; worker < 5; worker++) await outlivesWorkers();
  console.log("the addon: no failures");
} else {
  const context = addon.open({ threads: 2 });
  const [size, times] = [1_000_003, 1000];
  addon.reserveArena(context, 4 * size);
  resamples();
  void run(context, addon.load(context, ["fill(value)"], filling(size, times)), times);
  const { parentPort } = await import("node:worker_threads");
  parentPort.postMessage("running");
}
