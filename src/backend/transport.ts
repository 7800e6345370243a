import type { Instruction } from "../graph/plan.js";
import type { Executable } from "./backend.js";
import type { Values } from "./values.js";

/** Carries values between the processes of a training job. Every process calls the same methods in the same order. */
export interface Transport {
  /** The sum of all processes' values. */
  allReduce(values: Float32Array): Promise<Float32Array>;
  /** All processes' values, one after another in the order of their ranks. */
  allGather(values: Values): Promise<Values>;
}

/** Performs a collective instruction on the values of its one input. */
export async function runCollective(
  executable: Executable,
  { op, inputs: [input], outputs: [output], label }: Instruction,
  transport: Transport | undefined,
): Promise<void> {
  if (!transport)
    throw new Error(
      `${label} joins several processes, but the program was compiled without a transport.`,
    );
  if (!input || !output) return;
  const values = executable.read(input);
  const joined =
    op.collective === "allReduce"
      ? await transport.allReduce(values as Float32Array)
      : await transport.allGather(values);
  executable.write(output, joined);
}
