/** `flava embed`: embeds a whole data set. */
import type { Command } from "commander";
import { openSource } from "../data/formats/open.js";
import { runEmbeddingJob } from "../search/embedding-job.js";
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
}

export function addEmbed(program: Command): void {
  const command = program
    .command("embed")
    .description(
      "embed the images of data sets and the first text of each into one file; resumes if interrupted",
    )
    .argument(
      "<source...>",
      'folders of images, image files, tar shards, Parquet files, tables or texts; or patterns such as "photos/*.jpg"',
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
  const source = await openSource(await expandFilePatterns(patterns), sourceOptions(flags));
  const progress = new ProgressLine();
  const { rows, resumed, skipped } = await useModel(flags, (flava) =>
    interruptible("Stopped; run the same command again to resume.", (signal) => {
      const paceOf = pace("samples");
      return runEmbeddingJob(source, flava, flags.out, {
        ...(flags.features && { features }),
        decode: decodeOptions(flags),
        onProgress: (done, total) => progress.show(paceOf(done, total)),
        signal,
      });
    }).finally(() => progress.end()),
  );
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(rows)}`);
  if (flags.json) {
    const counts = Object.fromEntries(skipped.counts);
    printJson({ path: flags.out, samples: rows, resumed, skipped: counts });
    return;
  }
  const earlier = resumed > 0 ? ` (${resumed} by an earlier run)` : "";
  console.log(`${flags.out}: ${rows} ${rows === 1 ? "sample" : "samples"}${earlier}`);
}
