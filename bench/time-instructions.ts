/** Times the instructions of a program one by one. */
import type { Backend, Executable } from "../src/backend/backend.js";
import { openBackend } from "../src/backend/open.js";
import type { Instruction, Plan } from "../src/graph/plan.js";
import { median } from "./measure.js";
import { type Prepared, threads } from "./work.js";

/** The median time of one instruction of a plan. */
export type TimedInstruction = { readonly instruction: Instruction; readonly seconds: number };

/** Of each, the first is dropped: it touches all memory for the first time. */
const rounds = 6;

/** Every instruction of the last program that `prepare` loads, in order. */
export async function timeInstructions(
  prepare: (backend: Backend) => Promise<Prepared>,
): Promise<TimedInstruction[]> {
  const native = openBackend({ name: "native", threads });
  const programs: TimedProgram[] = [];
  const prepared = await prepare(timing(native, programs));
  for (let round = 0; round < rounds; round++) await prepared.run();
  native.dispose();
  const { plan, runs } = programs.at(-1)!; // others initialize the parameters
  return plan.instructions.map((instruction, index) => ({
    instruction,
    seconds: median(runs.slice(1).map((seconds) => seconds[index] ?? 0)),
  }));
}

export function totalSeconds(instructions: readonly TimedInstruction[]): number {
  return instructions.reduce((sum, { seconds }) => sum + seconds, 0);
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
      if (last === count) runs.push(seconds); // shorter sections prepare weights
    },
    inspect: (last, inputs) => executable.inspect(last, inputs),
    read: (tensor) => executable.read(tensor),
    write: (tensor, values) => executable.write(tensor, values),
    dispose: () => executable.dispose(),
  };
}
