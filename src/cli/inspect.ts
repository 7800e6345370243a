/** `flava inspect`: what a checkpoint holds. */
import type { Command } from "commander";
import { describeCheckpoint } from "../checkpoint/inspect.js";
import { openCheckpoint } from "../checkpoint/open.js";

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description(
      "tell what a checkpoint holds: family, sizes, counts by part, memory to run and to train",
    )
    .argument("<path>", "a directory in Hugging Face's form, or a .safetensors, .bin or .pt file")
    .action(async (path: string) => {
      console.log(await inspect(path));
    });
}

/** What the checkpoint at `path`, a directory or a file, holds, in lines for people. */
export async function inspect(path: string): Promise<string> {
  const checkpoint = await openCheckpoint(path);
  try {
    return describeCheckpoint(checkpoint);
  } finally {
    await checkpoint.close();
  }
}
