/** `flava inspect`: what a checkpoint holds. */
import type { Command } from "commander";
import { describeCheckpoint } from "../checkpoint/inspect.js";
import { type OpenOptions, openCheckpoint } from "../checkpoint/open.js";
import { headsOption } from "./model-option.js";

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description(
      "describe a checkpoint: family, sizes, parameters by part, memory to run and to train",
    )
    .argument("<path>", "a directory in Hugging Face's form, or a file of weights")
    .addOption(headsOption())
    .action(async (path: string, options: OpenOptions) => {
      console.log(await inspect(path, options));
    });
}

/** Describes the checkpoint at `path`, a directory or a file, in several lines. */
export async function inspect(path: string, options: OpenOptions = {}): Promise<string> {
  const checkpoint = await openCheckpoint(path, options);
  try {
    return describeCheckpoint(checkpoint);
  } finally {
    await checkpoint.close();
  }
}
