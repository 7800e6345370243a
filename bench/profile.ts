/** Time of a training step by instruction: each is run and timed alone. */
import type { Backend, Executable } from "../src/backend/backend.js";
import { openBackend } from "../src/backend/open.js";
import { models } from "../src/configs/models.js";
import { flopsOf } from "../src/graph/flops.js";
import type { PlacedTensor } from "../src/graph/layout.js";
import type { Instruction, Plan } from "../src/graph/plan.js";
import type { FlavaConfig } from "../src/model/config.js";
import { median } from "./measure.js";
import { prepare } from "./ours.js";
import { figure, tableHeader, tableLine } from "./report.js";
import { type Pretraining, type Work, captions, describeWork, threads } from "./work.js";

type ProfileOptions = {
  /** Name of a model; base also shows the step of the plain ViT encoder. */
  readonly model: string;
  readonly batch: number;
  readonly precision: Pretraining["dtype"];
};

/** The median time of one instruction of a plan. */
type TimedInstruction = { readonly instruction: Instruction; readonly seconds: number };

/** Of each, the first is dropped: it touches all memory for the first time. */
const rounds = 6;
/** Groups below this share of the time are summed up in the last line. */
const smallestShare = 0.001;
const others = "others";

/** Prints the time of training steps by operation and by shape: of a model on pairs, and of the ViT encoder. */
export async function profile({ model, batch, precision: dtype }: ProfileOptions): Promise<void> {
  const config = (models as Record<string, FlavaConfig | undefined>)[model];
  if (!config)
    throw new Error(`There is no model "${model}". Name ${Object.keys(models).join(", ")}.`);
  const works: readonly Work[] = [
    ...(model === "base" ? [{ kind: "train", batch, tokens: 197, dtype } as const] : []),
    { kind: "pretrain", samples: "pair", batch, texts: captions(batch, 24), dtype },
  ];
  for (const work of works) {
    const instructions = await timeInstructions(config, work);
    const total = totalSeconds(instructions);
    console.log(
      `\n${describeWork(work)}: ${instructions.length} instructions, ${total.toFixed(3)} s\n`,
    );
    console.log(formatProfile(instructions, ({ op }) => op.name));
    console.log(`\n${formatProfile(instructions, describeInstruction)}`);
  }
}

/** Every instruction of the program for `work`, in order. */
async function timeInstructions(config: FlavaConfig, work: Work): Promise<TimedInstruction[]> {
  const native = openBackend({ name: "native", threads });
  const programs: TimedProgram[] = [];
  const prepared = await prepare(timing(native, programs), work, config);
  for (let round = 0; round < rounds; round++) await prepared.run();
  native.dispose();
  const { plan, runs } = programs.at(-1)!; // the first one initializes the parameters
  return plan.instructions.map((instruction, index) => ({
    instruction,
    seconds: median(runs.slice(1).map((seconds) => seconds[index]!)),
  }));
}

/** A plan and, for each of its runs, the seconds of every instruction. */
type TimedProgram = { readonly plan: Plan; readonly runs: number[][] };

/** `backend`, but running programs instruction by instruction; the times of all loaded programs go to `programs`. */
function timing(backend: Backend, programs: TimedProgram[]): Backend {
  return {
    ...backend,
    load: (plan, memoryOf) => {
      const executable = backend.load(plan, memoryOf);
      const runs: number[][] = [];
      programs.push({ plan, runs });
      return timed(executable, plan.instructions.length, runs);
    },
  };
}

function timed(executable: Executable, count: number, runs: number[][]): Executable {
  const secondsOf = async (first: number, last: number): Promise<number> => {
    const start = performance.now();
    await executable.run(first, last, new Map());
    return (performance.now() - start) / 1000;
  };
  return {
    run: async (first, last, inputs, signal) => {
      await executable.run(first, first, inputs, signal);
      const nothing = await secondsOf(first, first); // the overhead of a call
      const seconds = new Array<number>(count).fill(0);
      for (let index = first; index < last; index++) {
        seconds[index] = Math.max(0, (await secondsOf(index, index + 1)) - nothing);
      }
      runs.push(seconds);
    },
    inspect: (last, inputs) => executable.inspect(last, inputs),
    read: (tensor) => executable.read(tensor),
    write: (tensor, values) => executable.write(tensor, values),
    dispose: () => executable.dispose(),
  };
}

type Line = {
  readonly name: string;
  readonly times: number;
  readonly seconds: number;
  readonly flops: number;
};

/** A table of the instructions, grouped by name, slowest first. */
export function formatProfile(
  instructions: readonly TimedInstruction[],
  nameOf: (instruction: Instruction) => string,
): string {
  const lines = new Map<string, Line>();
  const count = (name: string, { times, seconds, flops }: Omit<Line, "name">): void => {
    const before = lines.get(name) ?? { times: 0, seconds: 0, flops: 0 };
    lines.set(name, {
      name,
      times: before.times + times,
      seconds: before.seconds + seconds,
      flops: before.flops + flops,
    });
  };
  for (const { instruction, seconds } of instructions) {
    count(nameOf(instruction), { times: 1, seconds, flops: flopsOf(instruction) });
  }
  const total = totalSeconds(instructions);
  for (const line of [...lines.values()]) {
    if (line.seconds >= smallestShare * total) continue;
    lines.delete(line.name);
    count(others, { ...line, flops: 0 });
  }
  const header = tableHeader(["operation", "times", "ms", "share", "GFLOP/s"]);
  const orderOf = ({ name, seconds }: Line): number => (name === others ? 0 : seconds);
  const sorted = [...lines.values()].sort((a, b) => orderOf(b) - orderOf(a));
  return [header, ...sorted.map((line) => formatLine(line, total))].join("\n");
}

function formatLine({ name, times, seconds, flops }: Line, total: number): string {
  return tableLine([
    name,
    String(times),
    figure(seconds * 1000),
    `${((100 * seconds) / total).toFixed(1)} %`,
    flops > 0 ? figure(flops / seconds / 1e9) : "",
  ]);
}

function totalSeconds(instructions: readonly TimedInstruction[]): number {
  return instructions.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Operation, inputs and outputs: "matmul gelu bfloat16[8, 4] float32[2, 4] -> bfloat16[8, 2]". */
function describeInstruction({ op, attributes, inputs, outputs }: Instruction): string {
  const list = (tensors: readonly PlacedTensor[]): string =>
    tensors.map(({ spec }) => String(spec)).join(" ");
  const { activation } = attributes;
  const name =
    typeof activation === "string" && activation !== "none" ? `${op.name} ${activation}` : op.name;
  return `${name} ${list(inputs)} -> ${list(outputs)}`;
}
