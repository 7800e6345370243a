/** `flava inspect`: describes a checkpoint, or the machine. */
import type { Command } from "commander";
import { describeMachine, inspectMachine } from "../backend/machine.js";
import { describeInspection } from "../checkpoint/describe-inspection.js";
import { type Inspection, inspectCheckpoint } from "../checkpoint/inspect.js";
import { type OpenOptions, openCheckpoint } from "../checkpoint/open.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { headsOption } from "./model-option.js";

type InspectFlags = OpenOptions & JsonFlag & { readonly machine?: boolean };

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description(
      "describe a checkpoint: family, sizes, parameters by part, memory for inference and training",
    )
    .argument("[path]", "a directory in Hugging Face format, or a weights file")
    .option("--machine", "describe the machine instead: how fast each processor level multiplies")
    .addOption(headsOption())
    .addOption(jsonOption())
    .action(async (path: string | undefined, flags: InspectFlags, command: Command) => {
      const { json, machine, ...options } = flags;
      if ((path === undefined) === (machine === undefined)) {
        command.error("error: give a checkpoint, or --machine, and not both", { exitCode: 2 });
      }
      if (path === undefined) {
        const facts = inspectMachine();
        if (json) printJson(facts);
        else console.log(describeMachine(facts));
        return;
      }
      const inspection = await inspect(path, options);
      if (json) printJson(inspection);
      else console.log(describeInspection(inspection));
    });
}

/** Inspects the checkpoint at `path`, a directory or a file. */
export async function inspect(path: string, options: OpenOptions = {}): Promise<Inspection> {
  const checkpoint = await openCheckpoint(path, options);
  try {
    return inspectCheckpoint(checkpoint);
  } finally {
    await checkpoint.close();
  }
}
