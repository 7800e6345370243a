/** What the machine does at best: the limits that a profile compares with. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend } from "../src/backend/backend.js";
import { compile } from "../src/backend/program.js";
import { State } from "../src/backend/state.js";
import { packagePath } from "../src/base/package-root.js";
import { flopsOf } from "../src/graph/flops.js";
import { multiply } from "../src/graph/ops/arithmetic.js";
import { sum } from "../src/graph/ops/broadcast.js";
import type { Instruction } from "../src/graph/plan.js";
import { type TensorSpec, spec } from "../src/graph/tensor.js";
import { timeInstructions } from "./time-instructions.js";
import { type Prepared, threads } from "./work.js";

/** Operations and bytes per second. */
export type Limits = { readonly flops: number; readonly bytes: number };

/** Numbers in a tensor that no cache holds. */
const streamed = 2 ** 26;

/**
 * What the threads can multiply at best, if each has a core of its own, by the processor's instructions on registers alone; and
 * the rate of the fastest pass over memory.
 */
export async function measureLimits(
  dtype: "float32" | "bfloat16",
  numbers = streamed,
): Promise<Limits> {
  const flops = threads * peakOfCore(dtype);
  let bytes = 0;
  const passes = await timeInstructions((backend) => preparePasses(backend, numbers));
  for (const { instruction, seconds } of passes) {
    if (seconds > 0) bytes = Math.max(bytes, bytesOf(instruction) / seconds);
  }
  return { flops, bytes };
}

/** Compiles and runs `bench/peak.cpp`. */
function peakOfCore(dtype: "float32" | "bfloat16"): number {
  const folder = mkdtempSync(join(tmpdir(), "flava-bench-"));
  try {
    const program = join(folder, "peak");
    const processor = process.arch === "arm64" ? "-mcpu=native" : "-march=native";
    const flags = ["-std=gnu++17", "-O3", processor, "-DFLAVA_LEVEL=native"];
    const source = packagePath("bench", "peak.cpp");
    execFileSync(process.env.CXX ?? "c++", [...flags, source, "-o", program]);
    return Number(execFileSync(program, [dtype], { encoding: "utf8" }));
  } finally {
    rmSync(folder, { recursive: true });
  }
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

/** One pass that reads and writes, and one that reads. */
function preparePasses(backend: Backend, numbers: number): Promise<Prepared> {
  const state = new State(backend, { x: spec([numbers]) });
  state.write("x", new Float32Array(numbers).fill(1)); // else all pages are one page of zeros
  const program = compile({ state, inputs: { factor: spec([]) } }, (s, { factor }) => ({
    outputs: { total: sum(multiply(s.x, factor)) },
  }));
  return Promise.resolve({ run: () => program.run({ factor: Float32Array.of(2) }) });
}
