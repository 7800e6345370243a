/**
 * Training by several processes: what two of them measure here, and what a model makes of it on many machines. Needs Open MPI.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { leavesOf } from "../src/base/tree.js";
import { type ModelName, models } from "../src/configs/models.js";
import { formatDuration } from "../src/base/duration.js";
import type { TensorSpec } from "../src/graph/tensor.js";
import { pretrainingParameters } from "../src/model/flava.js";
import { type Link, type StepCost, stepSeconds } from "./scaling-model.js";

/**
 * What the processes measure: steps together, the same with divided moments, steps of each on its own, or the exchange of gradients
 * alone.
 */
export interface ScalingRequest {
  readonly what: "step" | "divided" | "alone" | "exchange";
  readonly model: ModelName;
  /** Pairs of all processes together. */
  readonly batch: number;
  readonly threads: number;
  readonly repeats: number;
  readonly bytes: number;
}

const execute = promisify(execFile);
const launcher = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "core", "-n"];

async function measured(command: string, parameters: readonly string[]): Promise<number> {
  const { stdout } = await execute(command, [...parameters]);
  return (JSON.parse(stdout) as { readonly seconds: number }).seconds;
}

function worker(processes: number, request: ScalingRequest): Promise<number> {
  const command = [join(import.meta.dirname, "scaling-worker.js"), JSON.stringify(request)];
  if (processes === 1) return measured(process.execPath, command);
  return measured("mpirun.openmpi", [...launcher, String(processes), process.execPath, ...command]);
}

/** Seconds of MPI's own all-reduce of so many bytes on two processes. */
async function plainExchange(bytes: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "flava-bench-"));
  try {
    const program = join(folder, "allreduce");
    const source = join(import.meta.dirname, "../../../bench/peers/allreduce.cpp");
    await execute("mpicxx.openmpi", ["-O3", source, "-o", program]);
    return await measured("mpirun.openmpi", [...launcher, "2", program, String(bytes), "5"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Bytes of the gradients of a model's trained parameters. */
function gradientBytesOf(model: ModelName): number {
  const { codebook: _, ...trained } = pretrainingParameters(models[model]);
  return leavesOf<TensorSpec>(trained).reduce((sum, [, { size }]) => sum + 4 * size, 0);
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** Prints what is measured for a model; returns the cost of a step of one process with one thread. */
async function measureSteps(model: ModelName, batch: number): Promise<StepCost> {
  const bytes = gradientBytesOf(model);
  const common = { model, batch, bytes, repeats: model === "base" ? 3 : 15 };
  const one = await worker(1, { ...common, what: "step", threads: 2 });
  const two = await worker(2, { ...common, what: "step", threads: 1 });
  const divided = await worker(2, { ...common, what: "divided", threads: 1 });
  const alone = await worker(2, { ...common, what: "alone", threads: 1 });
  const exchange = await worker(2, { ...common, what: "exchange", threads: 1 });
  const hidden = Math.max(0, 1 - (two - alone) / exchange);
  console.log(`${model}, ${batch} pairs a step, ${(bytes / 1e6).toFixed(0)} MB of gradients`);
  console.log(`  1 process, 2 threads            ${milliseconds(one)}`);
  console.log(
    `  2 processes, 1 thread each      ${milliseconds(two)}   ${(one / two).toFixed(3)} of that speed (bar: 0.93)`,
  );
  console.log(
    `  the same with --zero 1          ${milliseconds(divided)}   ${(one / divided).toFixed(3)} of that speed (bar: 0.93)`,
  );
  console.log(`  the same without exchange       ${milliseconds(alone)}`);
  console.log(
    `  the exchange alone              ${milliseconds(exchange)}   ${percent(hidden)} of it is hidden (bar at base: 60 %)`,
  );
  return { computing: alone, gradientBytes: bytes, overlapping: 0.6 };
}

/** Links of a cluster; the latency is that of Ethernet, or of InfiniBand for the faster ones. */
const links: readonly Link[] = [
  { gigabits: 10, latency: 3e-5 },
  { gigabits: 25, latency: 2e-5 },
  { gigabits: 100, latency: 3e-6 },
  { gigabits: 400, latency: 2e-6 },
];
const paper = { batch: 8192, steps: 150_000 };

/** Prints hours and efficiency of the paper's recipe, from the seconds that a machine takes for one pair. */
function printModel(gradientBytes: number, perPair: number): void {
  const header = links.map(({ gigabits }) => `${gigabits} Gbit/s`.padStart(22)).join("");
  console.log(`  machines${header}`);
  for (const machines of [1, 8, 32, 128, 512, 1000]) {
    const computing = (paper.batch / machines) * perPair;
    const cost: StepCost = { computing, gradientBytes, overlapping: 0.6 };
    const cells = links.map((link) => {
      const seconds = stepSeconds(cost, machines, link);
      const text = `${formatDuration(paper.steps * seconds)}, ${percent(computing / seconds)}`;
      return text.padStart(22);
    });
    console.log(`  ${String(machines).padStart(8)}${cells.join("")}`);
  }
}

/** @param model the larger of the models to measure */
export async function benchScaling(model: ModelName): Promise<void> {
  console.log("Measured here, with Open MPI on one machine (shared memory):\n");
  const costs = new Map<ModelName, StepCost>();
  for (const each of model === "base" ? (["mini", "base"] as const) : [model])
    costs.set(each, await measureSteps(each, 16));
  const bytes = 600e6;
  const request = { model, batch: 16, threads: 1, repeats: 5, bytes };
  const ours = await worker(2, { ...request, what: "exchange" });
  const plain = await plainExchange(bytes);
  console.log(`Sum of ${bytes / 1e6} MB over 2 processes`);
  console.log(`  flava, in a fixed order         ${milliseconds(ours)}`);
  console.log(
    `  MPI_Allreduce                   ${milliseconds(plain)}   ${(plain / ours).toFixed(2)} of its rate (bar: 0.8)`,
  );
  const { computing, gradientBytes } = costs.get(model)!;
  console.log(
    `\nModelled, not measured: ${model} by the paper's recipe (batch ${paper.batch}, ${paper.steps} steps) on machines, each as fast ` +
      "as one core here.\nDuration, and share of the time that machines compute:\n",
  );
  printModel(gradientBytes, computing / 8);
}
