/** What the machine does at best: the limits that a profile compares with. */
import type { Backend } from "../src/backend/backend.js";
import { compile } from "../src/backend/program.js";
import { State } from "../src/backend/state.js";
import { flopsOf } from "../src/graph/flops.js";
import { multiply } from "../src/graph/ops/arithmetic.js";
import { sum } from "../src/graph/ops/broadcast.js";
import { cast } from "../src/graph/ops/cast.js";
import { linear } from "../src/graph/ops/matmul.js";
import type { Instruction } from "../src/graph/plan.js";
import { type TensorSpec, spec } from "../src/graph/tensor.js";
import { randomNumbers } from "./random-numbers.js";
import { timeInstructions } from "./time-instructions.js";
import type { Prepared } from "./work.js";

/** Operations and bytes per second. */
export type Limits = { readonly flops: number; readonly bytes: number };

/** The rows, columns and depth of products, of which the fastest counts. */
const productSizes = [512, 1024, 2048];
/** Numbers in a tensor that no cache holds. */
const streamed = 2 ** 26;

/** The rates of the fastest product of packed weights and of the fastest pass over memory. */
export async function measureLimits(
  dtype: "float32" | "bfloat16",
  sizes: readonly number[] = productSizes,
  numbers = streamed,
): Promise<Limits> {
  let [flops, bytes] = [0, 0];
  for (const size of sizes) {
    const timed = await timeInstructions((backend) => prepareProduct(backend, size, dtype));
    for (const { instruction, seconds } of timed) {
      if (seconds > 0) flops = Math.max(flops, flopsOf(instruction) / seconds);
    }
  }
  const passes = await timeInstructions((backend) => preparePasses(backend, numbers));
  for (const { instruction, seconds } of passes) {
    if (seconds > 0) bytes = Math.max(bytes, bytesOf(instruction) / seconds);
  }
  return { flops, bytes };
}

/** Bytes that an instruction reads and writes; of the table of a gather, only the rows that it reads. */
export function bytesOf({ op, inputs, outputs }: Instruction): number {
  const bytes = (tensors: readonly { readonly spec: TensorSpec }[]): number =>
    tensors.reduce((total, { spec }) => total + spec.bytes, 0);
  return bytes(outputs) + (op.name === "gatherRows" ? bytes(outputs) : bytes(inputs));
}

/** Seconds that an instruction takes at least, within the limits. */
export function leastSeconds(instruction: Instruction, { flops, bytes }: Limits): number {
  return Math.max(flopsOf(instruction) / flops, bytesOf(instruction) / bytes);
}

function prepareProduct(
  backend: Backend,
  size: number,
  dtype: "float32" | "bfloat16",
): Promise<Prepared> {
  const square = spec([size, size]);
  const state = new State(backend, { weight: square });
  state.write("weight", randomNumbers(square.size));
  const program = compile({ state, inputs: { x: square } }, (s, { x }) => ({
    outputs: { total: sum(linear(cast(x, dtype), s.weight)) },
  }));
  const x = randomNumbers(square.size);
  return Promise.resolve({ run: () => program.run({ x }) });
}

/** One pass that reads and writes, and one that reads. */
function preparePasses(backend: Backend, numbers: number): Promise<Prepared> {
  const state = new State(backend, { x: spec([numbers]) });
  state.write("x", new Float32Array(numbers).fill(1)); // else all pages are one page of zeros
  const program = compile({ state, inputs: { factor: spec([]) } }, (s, { factor }) => ({
    outputs: { total: sum(multiply(s.x, factor)) },
  }));
  return Promise.resolve({ run: () => program.run({ factor: Float32Array.of(2) }) });
}
