/** `flava data shards`: writes tar shards of any data sets. */
import { counted, grouped } from "../../base/counted.js";
import { type Command, InvalidArgumentError } from "commander";
import { formatBytes } from "../../backend/available-memory.js";
import { openSource } from "../../data/formats/open.js";
import { type ShardsReport, type SplitFacts, writeShards } from "../../data/write-shards.js";
import { type DataFlags, addSourceOptions, sourceOptions } from "../data-options.js";
import { expandFilePatterns } from "../file-patterns.js";
import { interruptible } from "../interruptible.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { outputDirectory } from "../output-path.js";
import { ProgressLine, pace } from "../progress.js";
import { wholeNumberFrom } from "../whole-number.js";

interface ShardsFlags extends DataFlags, JsonFlag {
  readonly out: string;
  readonly validation?: number;
  readonly deduplicate?: boolean;
  readonly samplesPerShard?: number;
}

export function addShards(data: Command): void {
  const command = data
    .command("shards")
    .description("write tar shards, which WebDataset reads, too; resumes if interrupted")
    .argument(
      "<source...>",
      'folders, tables, tar shards, Parquet files, texts, patterns such as "photos/*.csv", or URLs of shards',
    )
    .requiredOption("--out <dir>", "directory of the shards", outputDirectory)
    .option(
      "--validation <fraction>",
      "hold out this fraction of the images, or of texts without one, by a hash of them; makes the directories train and validation",
      fraction,
    )
    .option("--deduplicate", "leave out samples with the same image file and texts as another")
    .option(
      "--samples-per-shard <n>",
      "most samples of a shard; default: 10,000",
      wholeNumberFrom(1),
    )
    .addOption(jsonOption())
    .action(run);
  addSourceOptions(command);
}

function fraction(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("Expected a number between 0 and 1, such as 0.1.");
}

async function run(patterns: readonly string[], flags: ShardsFlags): Promise<void> {
  // A text file as a single text would hardly be read beyond its first page.
  const settings = { documents: "paragraphs", ...sourceOptions(flags) } as const;
  const source = await openSource(await expandFilePatterns(patterns), settings);
  const progress = new ProgressLine();
  const paceOf = pace("sample");
  const { out, validation, deduplicate, samplesPerShard } = flags;
  const report = await interruptible("Stopped; run the same command again to resume.", (signal) =>
    writeShards(source, out, {
      ...{ settings, signal },
      onProgress: (samples) => progress.show(paceOf(samples)),
      ...(validation !== undefined && { validation }),
      ...(deduplicate && { deduplicate }),
      ...(samplesPerShard !== undefined && { samplesPerShard }),
    }),
  ).finally(() => progress.end());
  if (flags.json) printJson({ ...report, skipped: Object.fromEntries(report.skipped.counts) });
  else for (const line of describe(report, flags)) console.log(line);
}

function describe(
  { splits, duplicates, skipped }: ShardsReport,
  { deduplicate }: ShardsFlags,
): string[] {
  const used = Object.values(splits).reduce((sum, { samples }) => sum + samples, 0);
  return [
    ...Object.values(splits).map(describeSplit),
    ...Object.values(splits)
      .filter(({ samples }) => samples === 0)
      .map(
        ({ directory }) =>
          `${directory} is empty: no sample falls into it, as in a set that was split this way before`,
      ),
    ...(deduplicate ? [`${counted(duplicates, "duplicate was", "duplicates were")} left out`] : []),
    ...(skipped.total > 0 ? [skipped.summary(used)] : []),
  ];
}

function describeSplit({ directory, samples, pairs, imageBytes, words }: SplitFacts): string {
  return (
    `${directory}: ${counted(samples, "sample")}, ${grouped(pairs)} of them pairs; ${formatBytes(imageBytes)} of images; ` +
    `words per text: ${words.mean.toFixed(1)} on average, median ${words.median}, at most ${words.most}`
  );
}
