/** `flava inspect`: describes a checkpoint. */
import type { Command } from "commander";
import { describeInspection } from "../checkpoint/describe-inspection.js";
import { type Inspection, inspectCheckpoint } from "../checkpoint/inspect.js";
import { type OpenOptions, openCheckpoint } from "../checkpoint/open.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { headsOption } from "./model-option.js";

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description(
      "describe a checkpoint: family, sizes, parameters by part, memory for inference and training",
    )
    .argument("<path>", "a directory in Hugging Face's form, or a weights file")
    .addOption(headsOption())
    .addOption(jsonOption())
    .action(async (path: string, { json, ...options }: OpenOptions & JsonFlag) => {
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
