#!/usr/bin/env node
/** The command line, assembled from one file per verb. */
import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { packagePath } from "../base/package-root.js";
import { addClassify } from "./classify.js";
import { addConvert } from "./convert.js";
import { addData } from "./data.js";
import { addEmbed } from "./embed.js";
import { addEvaluate } from "./evaluation/evaluate.js";
import { addFill } from "./fill.js";
import { addFinetune } from "./training/finetune.js";
import { addInspect } from "./inspect.js";
import { addMatch } from "./match.js";
import { addPredict } from "./labeled/predict.js";
import { addPretrain } from "./training/pretrain.js";
import { addProbe } from "./evaluation/probe.js";
import { addSearch } from "./search.js";
import { addServe } from "./serving/serve.js";
import { addTasks } from "./evaluation/tasks.js";
import { addWatch } from "./training/watch.js";

const program = new Command("flava")
  .description("FLAVA, one model for images, text and both (arXiv 2112.04482).")
  .version(await packageVersion())
  // Usage errors exit with 2, failures of the work itself with 1.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

async function packageVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(packagePath("package.json"), "utf8")) as unknown;
  return (manifest as { readonly version: string }).version;
}

const verbs = [
  ...[addInspect, addClassify, addMatch, addFill, addEmbed, addSearch, addServe],
  ...[addEvaluate, addProbe, addTasks, addData],
  ...[addPretrain, addWatch, addFinetune, addPredict, addConvert],
];
for (const add of verbs) add(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`flava: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode ??= 1; // 130 if interrupted
}
