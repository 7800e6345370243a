/**
 * The kernels in WebAssembly on one thread: against the native ones, against the reference backend and, for products,
 * against TensorFlow.js where a folder holds it:
 *   npm install --prefix FOLDER @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { type BackendOptions, openBackend } from "../src/backend/open.js";
import { models } from "../src/configs/models.js";
import { product } from "../src/graph/ops/matmul.js";
import { type Tensor, spec } from "../src/graph/tensor.js";
import { State } from "../src/backend/state.js";
import { compile } from "../src/backend/program.js";
import { fastest } from "./measure.js";
import { prepare } from "./ours.js";
import { type Bar, type Row, formatRow, judge, rowHeader } from "./report.js";
import { type Pretraining, captions } from "./work.js";

type Run = () => Promise<unknown>;
type Name = NonNullable<BackendOptions["name"]>;

/** A pre-training step of the quickstart's model on one thread of wasm and of another backend. */
async function compareSteps(batch: number, other: Name, bar: Bar, rounds: number): Promise<Row> {
  const work: Pretraining = {
    ...{ kind: "pretrain", samples: "pair", batch, dtype: "bfloat16" },
    texts: captions(batch, 24),
  };
  const backends = (["wasm", other] as const).map((name) => openBackend({ name, threads: 1 }));
  const prepared = await Promise.all(
    backends.map((backend) => prepare(backend, work, models.tiny)),
  );
  const [ours, peer] = await fastest(
    prepared.map(({ run }) => run),
    rounds,
  );
  for (const backend of backends) backend.dispose();
  const title = `step of the quickstart, ${batch} pairs, against ${other}`;
  return judge({ work: title, ours: ours!, peer: peer!, unit: "s" }, bar);
}

/** Rows, and the rows and columns of a weight. */
const sizes = [
  [512, 512],
  [1576, 768],
] as const;
/** Products in sequence, each of the result of the one before with the same weight. */
const products = 8;

/** Both sides pack the weight once. */
function ourProducts([rows, width]: (typeof sizes)[number]): Run {
  const backend = openBackend({ name: "wasm", threads: 1 });
  const state = new State(backend, { weight: spec([width, width]) });
  const inputs = { x: spec([rows, width]) };
  const program = compile({ state, inputs }, ({ weight }, { x }) => {
    let y: Tensor = x;
    for (let i = 0; i < products; i++) y = product(y, weight);
    return { outputs: { y } };
  });
  const x = new Float32Array(rows * width);
  return () => program.run({ x });
}

/** What is used of TensorFlow.js. */
interface Matrix {
  dataSync(): Float32Array;
  dispose(): void;
}

interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  fill(shape: readonly number[], value: number): Matrix;
  matMul(a: Matrix, b: Matrix): Matrix;
}

async function tensorFlowIn(folder: string): Promise<TensorFlow> {
  const require = createRequire(join(folder, "package.json"));
  const tensorFlow = require("@tensorflow/tfjs-core") as TensorFlow;
  const wasm = require("@tensorflow/tfjs-backend-wasm") as { setThreadsCount(count: number): void };
  wasm.setThreadsCount(1);
  await tensorFlow.setBackend("wasm");
  return tensorFlow;
}

async function compareProducts(folder: string): Promise<Row[]> {
  const tensorFlow = await tensorFlowIn(folder);
  const found: Row[] = [];
  for (const size of sizes) {
    const [rows, width] = size;
    const [x, weight] = [tensorFlow.fill([rows, width], 0), tensorFlow.fill([width, width], 0)];
    const theirs = (): Promise<void> => {
      const results = [x];
      for (let i = 0; i < products; i++) results.push(tensorFlow.matMul(results[i]!, weight));
      results.at(-1)!.dataSync();
      for (const result of results.slice(1)) result.dispose();
      return Promise.resolve();
    };
    const seconds = await fastest([ourProducts(size), theirs], 30);
    const [ours, peer] = seconds.map((time) => (products * 2 * rows * width ** 2) / time / 1e9);
    const work = `products ${rows} x ${width} x ${width}, float32, against TensorFlow.js`;
    found.push(judge({ work, ours: ours!, peer: peer!, unit: "GFLOP/s" }, { atLeast: 1 }));
  }
  return found;
}

/** Prints and returns the comparisons; those with TensorFlow.js if `tensorFlow` is the folder that holds it. */
export async function benchWasm(tensorFlow?: string): Promise<Row[]> {
  console.log(rowHeader);
  const rows = [
    await compareSteps(96, "native", { atMost: 12 }, 5),
    await compareSteps(4, "reference", { atMost: 1 / 20 }, 1),
    ...(tensorFlow === undefined ? [] : await compareProducts(tensorFlow)),
  ];
  for (const row of rows) console.log(formatRow(row));
  return rows;
}
