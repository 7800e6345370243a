/**
 * WebGPU on this machine's GPU, in about two minutes: products, embeddings by the model that ships, and steps of training. On a driver
 * that computes on the processor, only the results are checked.
 */
import { load } from "../src/api/load.js";
import { requestBackend } from "../src/backend/open.js";
import type { Backend } from "../src/backend/backend.js";
import { compile } from "../src/backend/program.js";
import { State } from "../src/backend/state.js";
import { models } from "../src/configs/models.js";
import { product } from "../src/graph/ops/matmul.js";
import { type Tensor, spec } from "../src/graph/tensor.js";
import { prepare } from "./ours.js";
import { randomNumbers } from "./random-numbers.js";
import { captions } from "./work.js";

export interface GpuRow {
  readonly adapter: string;
  readonly work: string;
  readonly value: number;
  readonly unit: "GFLOP/s" | "per second" | "largest difference";
}

const isSoftware = (adapter: string): boolean => /swiftshader|llvmpipe|basic render/i.test(adapter);

/** The least seconds of a few runs; the first compiles. */
async function fastest(run: () => Promise<unknown>): Promise<number> {
  await run();
  let least = Infinity;
  for (const end = performance.now() + 8000; performance.now() < end;) {
    const start = performance.now();
    await run();
    least = Math.min(least, (performance.now() - start) / 1000);
  }
  return least;
}

const products = 8;

/** Products in sequence of matrices of `size` rows and columns. */
async function productSpeed(backend: Backend, size: number): Promise<number> {
  const state = new State(backend, { weight: spec([size, size]) });
  state.write("weight", randomNumbers(size ** 2)); // a processor multiplies zeros faster
  const program = compile({ state, inputs: { x: spec([size, size]) } }, ({ weight }, { x }) => {
    let y: Tensor = x;
    for (let i = 0; i < products; i++) y = product(y, weight);
    return { outputs: { y } };
  });
  const x = randomNumbers(size ** 2);
  const seconds = await fastest(() => program.run({ x }));
  program.dispose();
  state.dispose();
  return (products * 2 * size ** 3) / seconds / 1e9;
}

const texts = Array.from({ length: 512 }, (_, i) => `a photo of icon number ${i}, seen from above`);

/** The largest difference of text embeddings on WebGPU from those on another backend. */
async function difference(): Promise<number> {
  const [ours, theirs] = await Promise.all(
    (["webgpu", "wasm"] as const).map(async (name) => {
      await using flava = await load(undefined, { backend: { name } });
      return await flava.embedTexts(["a photo of a small red heart"]);
    }),
  );
  const [a, b] = [ours![0]!, theirs![0]!];
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** Prints and returns what was measured. */
export async function benchGpu(): Promise<GpuRow[]> {
  const backend = await requestBackend({ name: "webgpu" });
  const rows: GpuRow[] = [];
  const add = (work: string, value: number, unit: GpuRow["unit"]): void => {
    rows.push({ adapter: backend.level, work, value, unit });
    console.log(`${work.padEnd(56)}${value.toPrecision(4).padStart(12)} ${unit}`);
  };
  console.log(`Adapter: ${backend.level}`);
  try {
    add("text embeddings, against wasm", await difference(), "largest difference");
    if (isSoftware(backend.level)) {
      console.log("This driver computes on the processor: its speed says nothing about GPUs.");
      return rows;
    }
    for (const size of [512, 1024, 2048, 4096]) {
      add(
        `products ${size} x ${size} x ${size}, float32`,
        await productSpeed(backend, size),
        "GFLOP/s",
      );
    }
    await using flava = await load(undefined, { backend: { name: "webgpu" } });
    const embedding = await fastest(() => flava.embedTexts(texts));
    add("texts embedded by the model that ships", texts.length / embedding, "per second");
    for (const [name, batch] of [
      ["tiny", 96],
      ["mini", 64],
      ["base", 16],
    ] as const) {
      const step = await prepare(
        backend,
        { kind: "pretrain", samples: "pair", batch, dtype: "float32", texts: captions(batch, 24) },
        models[name],
      );
      add(
        `pairs in steps of ${name}, batch ${batch}`,
        batch / (await fastest(step.run)),
        "per second",
      );
    }
    return rows;
  } finally {
    backend.dispose();
  }
}
