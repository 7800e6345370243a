#!/usr/bin/env node
/** The command line: one file per verb, wired here. */
import { Command } from "commander";
import { inspect } from "./inspect.js";

const program = new Command("flava").description(
  "FLAVA, one model for pictures, text and both (arXiv 2112.04482).",
);

program
  .command("inspect")
  .description(
    "tell what a checkpoint holds: family, sizes, counts by part, memory to run and to train",
  )
  .argument("<path>", "a directory in Hugging Face's form, or a .safetensors, .bin or .pt file")
  .action(async (path: string) => {
    console.log(await inspect(path));
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`flava: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
