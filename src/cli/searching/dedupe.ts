/** `flava dedupe`: finds duplicates and near-duplicates among images. */
import { counted } from "../../base/counted.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { Flava } from "../../api/flava.js";
import { openSource } from "../../data/formats/open.js";
import { concatenated } from "../../inference/similarity.js";
import { type DuplicateGroup, findDuplicates } from "../../search/duplicates.js";
import { ExactIndex } from "../../search/exact-index.js";
import { descriptionName } from "../../search/index-directory.js";
import { eachImageOnce } from "../../search/images-once.js";
import { indexSource } from "../../search/index-source.js";
import { openIndex, originOf } from "../../search/open-index.js";
import { type IndexEntry, type VectorIndex, entryOf } from "../../search/vector-index.js";
import {
  type DataFlags,
  addDataOptions,
  dataAttributes,
  decodeOptions,
  sourceOptions,
} from "../data-options.js";
import { expandFilePatterns } from "../file-patterns.js";
import { refuseIgnored } from "../ignored-options.js";
import { interruptible } from "../interruptible.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { type ModelFlags, addModelOptions, useModel } from "../model-option.js";
import { ProgressLine, pace } from "../progress.js";
import { withProgress } from "./index-verb.js";

interface DedupeFlags extends ModelFlags, DataFlags, JsonFlag {
  readonly threshold: number;
}

export function addDedupe(program: Command): void {
  const command = program
    .command("dedupe")
    .description(
      "find images with the same bytes, and near-duplicates by the similarity of their embeddings; nothing is deleted",
    )
    .argument(
      "<source...>",
      "folders of images, image files, tar shards, Parquet files or tables; or one index made by flava index",
    )
    .option(
      "--threshold <cosine>",
      "similarity from which images are near-duplicates; 2 for exact duplicates alone",
      cosineFrom,
      0.98,
    )
    .addOption(jsonOption())
    .action(run);
  addDataOptions(addModelOptions(command));
}

async function run(
  patterns: readonly string[],
  flags: DedupeFlags,
  command: Command,
): Promise<void> {
  const paths = await expandFilePatterns(patterns);
  if (isIndex(paths)) refuseIgnored(command, dataAttributes, "does not go with an index");
  const { groups, images } = await useModel(flags, (flava) =>
    interruptible("Stopped.", async (signal) => {
      await using index = await indexOf(paths, flava, flags, signal);
      return await grouped(index, flava, flags.threshold, signal);
    }),
  );
  if (flags.json) {
    printJson({ images, groups: groups.map(resultOf) });
    return;
  }
  for (const { exact, similarity, entries } of groups) {
    console.log(exact ? "the same image:" : `similar, at least ${similarity.toFixed(4)}:`);
    for (const { path, key } of entries) console.log(`  ${path ?? key}`);
  }
  const repeated = groups.reduce((sum, { entries }) => sum + entries.length - 1, 0);
  console.error(
    groups.length === 0
      ? `flava: no duplicates among ${counted(images, "image")}`
      : `flava: ${repeated} of ${counted(images, "image")} ${repeated === 1 ? "repeats" : "repeat"} another; groups: ${groups.length}`,
  );
}

const isIndex = (paths: readonly string[]): boolean =>
  paths.length === 1 && existsSync(join(paths[0]!, descriptionName));

/** An index that exists, or one in memory of a data set. */
async function indexOf(
  paths: readonly string[],
  flava: Flava,
  flags: DedupeFlags,
  signal: AbortSignal,
): Promise<VectorIndex> {
  if (isIndex(paths)) return openIndex(paths[0]!, flava, { signal });
  const source = await openSource(paths, sourceOptions(flags));
  const index = new ExactIndex(
    flava.embedder.backend,
    await originOf(flava, source.name, { signal }),
  );
  const { skipped, added } = await withProgress((onProgress) =>
    indexSource(index, source, flava, { decode: decodeOptions(flags), onProgress, signal }),
  );
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(added)}`);
  return index;
}

async function grouped(
  index: VectorIndex,
  flava: Flava,
  threshold: number,
  signal: AbortSignal,
): Promise<{ readonly groups: DuplicateGroup[]; readonly images: number }> {
  const keys: string[] = [];
  for await (const { key } of index.entries({ signal })) keys.push(key);
  const found = (await index.get(keys, { signal })).flatMap((row) => (row?.image ? row : []));
  const rows = eachImageOnce(found);
  if (rows.length === 0) throw new Error(`${index.origin.source} has no images.`);
  const vectors = concatenated(rows.map(({ image }) => image!));
  const entries = rows.map(entryOf);
  const progress = new ProgressLine();
  const paceOf = pace("image compared", "images compared");
  const groups = await findDuplicates(flava.embedder.backend, entries, vectors, {
    ...{ threshold, signal },
    onProgress: (done, total) => progress.show(paceOf(done, total)),
  }).finally(() => progress.end());
  return { groups, images: rows.length };
}

function resultOf({ exact, similarity, entries }: DuplicateGroup) {
  const images = entries.map(({ key, path }: IndexEntry) => ({
    key,
    ...(path !== undefined && { path }),
  }));
  return { exact, similarity, images };
}

function cosineFrom(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= -1) return value;
  throw new InvalidArgumentError("Expected a cosine similarity, such as 0.95.");
}
