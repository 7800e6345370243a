/** What executables do alike, whose backends run and read one instruction at a time. */
import type { Plan } from "../graph/plan.js";
import { type Executable, KernelError } from "./backend.js";
import type { Values } from "./values.js";

/** Copies the inputs of a plan to their places. */
export function copyInputs(
  executable: Pick<Executable, "write">,
  plan: Plan,
  inputs: ReadonlyMap<string, Values>,
): void {
  for (const [path, values] of inputs) {
    const tensor = plan.inputs.get(path);
    if (tensor) executable.write(tensor, values);
  }
}

/** `inspect` of an executable, by its `run` and `read`. */
export async function inspectInSteps(
  executable: Pick<Executable, "run" | "read">,
  plan: Plan,
  last: number,
  inputs: ReadonlyMap<string, Values>,
): Promise<number | undefined> {
  let given = inputs;
  for (const [index, { op, outputs }] of plan.instructions.slice(0, last).entries()) {
    if (op.update) continue;
    try {
      await executable.run(index, index + 1, given);
    } catch (error) {
      if (error instanceof KernelError) return index;
      throw error;
    }
    given = new Map();
    for (const output of outputs.slice(0, op.finiteOutputs)) {
      if (!(await executable.read(output)).every(Number.isFinite)) return index;
    }
  }
  return undefined;
}
