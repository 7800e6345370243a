/** Time of a training step by instruction: each is run and timed alone. */
import { type ModelName, models } from "../src/configs/models.js";
import { flopsOf } from "../src/graph/flops.js";
import type { PlacedTensor } from "../src/graph/layout.js";
import type { Instruction } from "../src/graph/plan.js";
import { type Limits, bytesOf, leastSeconds, measureLimits } from "./limits.js";
import { prepare } from "./ours.js";
import { figure, tableHeader, tableLine } from "./report.js";
import { type TimedInstruction, timeInstructions, totalSeconds } from "./time-instructions.js";
import { type Pretraining, type Work, captions, describeWork, threads } from "./work.js";

type ProfileOptions = {
  /** Of base, the step of the plain ViT encoder is also shown. */
  readonly model: ModelName;
  readonly batch: number;
  readonly precision: Pretraining["dtype"];
};

/** Groups below this share of the time are summed up in the last line. */
const smallestShare = 0.001;
const others = "others";
/** Operands and results that a line names one by one. */
const mostNamed = 8;

/** Prints the time of training steps by operation and by shape: of a model on pairs, and of the ViT encoder. */
export async function profile({ model, batch, precision: dtype }: ProfileOptions): Promise<void> {
  const config = models[model];
  const limits = await measureLimits(dtype);
  console.log(
    `Limits of ${threads} threads: ${figure(limits.flops / 1e9)} GFLOP/s in ${dtype}, by its instructions on registers alone; ` +
      `${figure(limits.bytes / 1e9)} GB/s, the fastest pass over memory.`,
  );
  const works: readonly Work[] = [
    ...(model === "base" ? [{ kind: "train", batch, tokens: 197, dtype } as const] : []),
    { kind: "pretrain", samples: "pair", batch, texts: captions(batch, 24), dtype },
  ];
  for (const work of works) {
    const instructions = await timeInstructions((backend) => prepare(backend, work, config));
    const total = totalSeconds(instructions);
    console.log(
      `\n${describeWork(work)}: ${instructions.length} instructions, ${total.toFixed(3)} s\n`,
    );
    console.log(formatProfile(instructions, limits, ({ op }) => op.name));
    console.log(`\n${formatProfile(instructions, limits, describeInstruction)}`);
  }
}

type Line = {
  readonly name: string;
  readonly times: number;
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
  /** Seconds that the limits allow at best. */
  readonly least: number;
};

/**
 * A table of the instructions, grouped by name, slowest first. The share of the limit is that of the least time that
 * arithmetic or memory allows; operands from the caches may exceed the limit of memory.
 */
export function formatProfile(
  instructions: readonly TimedInstruction[],
  limits: Limits,
  nameOf: (instruction: Instruction) => string,
): string {
  const lines = new Map<string, Line>();
  const count = (name: string, added: Omit<Line, "name">): void => {
    const before = lines.get(name) ?? { times: 0, seconds: 0, flops: 0, bytes: 0, least: 0 };
    lines.set(name, {
      name,
      times: before.times + added.times,
      seconds: before.seconds + added.seconds,
      flops: before.flops + added.flops,
      bytes: before.bytes + added.bytes,
      least: before.least + added.least,
    });
  };
  for (const { instruction, seconds } of instructions) {
    const [flops, bytes] = [flopsOf(instruction), bytesOf(instruction)];
    const least = leastSeconds(instruction, limits);
    count(nameOf(instruction), { times: 1, seconds, flops, bytes, least });
  }
  const total = totalSeconds(instructions);
  for (const line of [...lines.values()]) {
    if (line.seconds >= smallestShare * total) continue;
    lines.delete(line.name);
    count(others, line);
  }
  const header = tableHeader([
    "operation",
    "times",
    "ms",
    "share",
    "GFLOP/s",
    "GB/s",
    "of the limit",
  ]);
  const orderOf = ({ name, seconds }: Line): number => (name === others ? 0 : seconds);
  const sorted = [...lines.values()].sort((a, b) => orderOf(b) - orderOf(a));
  return [header, ...sorted.map((line) => formatLine(line, total))].join("\n");
}

function formatLine({ name, times, seconds, flops, bytes, least }: Line, total: number): string {
  return tableLine([
    name,
    String(times),
    figure(seconds * 1000),
    `${((100 * seconds) / total).toFixed(1)} %`,
    flops > 0 ? figure(flops / seconds / 1e9) : "",
    figure(bytes / seconds / 1e9),
    `${((100 * least) / seconds).toFixed(0)} %`,
  ]);
}

/** Operation, inputs and outputs: "matmul gelu bfloat16[8, 4] float32[2, 4] -> bfloat16[8, 2]". */
function describeInstruction({ op, attributes, inputs, outputs }: Instruction): string {
  const list = (tensors: readonly PlacedTensor[]): string =>
    tensors.length > mostNamed
      ? `${tensors.length} tensors`
      : tensors.map(({ spec }) => String(spec)).join(" ");
  const { activation } = attributes;
  const name =
    typeof activation === "string" && activation !== "none" ? `${op.name} ${activation}` : op.name;
  return `${name} ${list(inputs)} -> ${list(outputs)}`;
}
