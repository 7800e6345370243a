/** `flava embed`: embeds a whole data set. */
import { counted } from "../base/counted.js";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Part } from "../data/formats/part-of-source.js";
import { launchOf, requireAlone, threadsOf } from "../parallel/launcher.js";
import { type DataFlags, addDataOptions, decodeOptions, sourceOptions } from "./data-options.js";
import { expandFilePatterns } from "./file-patterns.js";
import { type FeatureFlags, addFeatureOptions, featureOptions } from "./feature-options.js";
import { interruptible } from "./interruptible.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { outputFile } from "./output-path.js";
import { ProgressLine, pace } from "./progress.js";

interface EmbedFlags extends ModelFlags, DataFlags, FeatureFlags, JsonFlag {
  readonly out: string;
  readonly features?: boolean;
  readonly part?: Part;
  readonly join?: boolean;
}

export function addEmbed(program: Command): void {
  const command = program
    .command("embed")
    .description(
      "embed the images of data sets and the first text of each into one file; resumes if interrupted",
    )
    .argument(
      "<source...>",
      'folders of images, image files, tar shards, Parquet files, tables or texts; patterns such as "photos/*.jpg"; or ' +
        "https:// or s3:// URLs of shards",
    )
    .requiredOption(
      "--out <file.parquet>",
      "the file to write",
      outputFile([".parquet"], { replace: false }),
    )
    .option(
      "--features",
      "write features of the encoders, before the projection, for models of your own; not for search",
    )
    .addOption(
      new Option(
        "--part <i/n>",
        "embed one of n parts of the samples, such as 3/64; n jobs share the work, and one with --join ends it",
      ).argParser(partFrom),
    )
    .addOption(
      new Option("--join", "write the file from the parts that were embedded").conflicts("part"),
    )
    .addOption(jsonOption())
    .action(run);
  addDataOptions(addModelOptions(addFeatureOptions(command)));
}

async function run(
  patterns: readonly string[],
  flags: EmbedFlags,
  command: Command,
): Promise<void> {
  const features = featureOptions(flags);
  if (!flags.features && Object.keys(features).length > 0)
    command.error("error: --layer and --pool choose among --features; add it");
  if (flags.join) requireAlone("embed --join");
  const launch = launchOf(process.env);
  const part = flags.part ?? (launch && { number: launch.rank + 1, count: launch.size });
  const threads = flags.threads ?? (launch && threadsOf(launch));
  const { openSource } = await import("../data/formats/open.js"); // much code, as the next
  const { runEmbeddingJob } = await import("../search/embedding-job.js");
  const source = await openSource(await expandFilePatterns(patterns), sourceOptions(flags));
  const progress = new ProgressLine();
  const { rows, resumed, skipped } = await useModel(
    { ...flags, ...(threads && { threads }) },
    (flava) =>
      interruptible("Stopped; run the same command again to resume.", (signal) => {
        const paceOf = pace("sample");
        return runEmbeddingJob(source, flava, flags.out, {
          ...(flags.features && { features }),
          ...(part && { part }),
          ...(flags.join && { join: true }),
          decode: decodeOptions(flags),
          onProgress: (done, total) => progress.show(paceOf(done, total)),
          signal,
        });
      }).finally(() => progress.end()),
  );
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(rows)}`);
  if (flags.json) {
    const counts = Object.fromEntries(skipped.counts);
    printJson({ path: flags.out, ...(part && { part }), samples: rows, resumed, skipped: counts });
    return;
  }
  const earlier = resumed > 0 ? ` (${resumed} by an earlier run)` : "";
  const ofPart = part ? `, part ${part.number} of ${part.count}` : "";
  console.log(`${flags.out}${ofPart}: ${counted(rows, "sample")}${earlier}`);
  if (part?.number === 1)
    console.log(
      "When all parts are done, the same command with --join instead of --part writes the file.",
    );
}

/** As in 3/64. */
function partFrom(text: string): Part {
  const [, number = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (number >= 1 && number <= count) return { number, count };
  throw new InvalidArgumentError("Expected a part of several, from 1/64 to 64/64.");
}
