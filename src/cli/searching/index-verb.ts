/** `flava index`: embeds data sets into an index, and keeps it up to date. */
import { counted } from "../../base/counted.js";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { requestBackend } from "../../backend/open.js";
import { NoUsableSampleError } from "../../data/batch/skipped.js";
import { openSource } from "../../data/formats/open.js";
import type { Approximation } from "../../search/lance/approximation.js";
import { type EmbeddingFile, findEmbeddings } from "../../search/embedding-file.js";
import type { ExactIndex } from "../../search/exact-index.js";
import { type IndexReport, indexEmbeddings, indexSource } from "../../search/index-source.js";
import { LanceIndex } from "../../search/lance/lance-index.js";
import { originOf, openOrMakeIndex } from "../../search/open-index.js";
import { type VectorKind, vectorKinds } from "../../search/vector-index.js";
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
import { type ModelFlags, addModelOptions, backendOptions, useModel } from "../model-option.js";
import { outputDirectory } from "../output-path.js";
import { ProgressLine, pace } from "../progress.js";

interface IndexFlags extends ModelFlags, DataFlags, JsonFlag {
  readonly out: string;
  readonly database?: "exact" | "lancedb";
  readonly uri?: string;
  readonly approximate?: boolean;
  readonly minRecall?: number;
  readonly force?: boolean;
}

export function addIndex(program: Command): void {
  const command = program
    .command("index")
    .description(
      "embed the images of data sets and the first text of each into an index; the next run adds what is new or changed, deletes " +
        "what is gone, and continues an interrupted one",
    )
    .argument(
      "<source...>",
      'folders of images, image files, tar shards, Parquet files, tables or texts; patterns such as "photos/*.jpg"; URLs of shards; or one file ' +
        "written by flava embed",
    )
    .requiredOption(
      "--out <directory>",
      "the index to make or to bring up to date",
      outputDirectory,
    )
    .addOption(
      new Option(
        "--database <kind>",
        "how vectors are kept: exact, in files of this package, or lancedb; default: exact, or as the index has it",
      ).choices(["exact", "lancedb"]),
    )
    .option(
      "--uri <place>",
      "where LanceDB keeps them, such as s3://bucket/name; default: in the index",
    )
    .option("--approximate", "build approximate indexes in LanceDB and measure their recall")
    .option(
      "--min-recall <share>",
      "least recall among the ten nearest, from 0 to 1; default: 0.95",
      recallFrom,
    )
    .option("--force", "keep an approximate index with less recall")
    .addOption(jsonOption())
    .action(run);
  addDataOptions(addModelOptions(command));
}

async function run(
  patterns: readonly string[],
  flags: IndexFlags,
  command: Command,
): Promise<void> {
  const isNew = !existsSync(flags.out);
  if (flags.database !== "lancedb") {
    const attributes = flags.database === "exact" || isNew ? ["uri", "approximate"] : ["uri"];
    refuseIgnored(command, attributes, "goes with --database lancedb");
  }
  if (!flags.approximate) refuseIgnored(command, ["minRecall", "force"], "goes with --approximate");
  const paths = await expandFilePatterns(patterns);
  const file = paths.length === 1 ? await findEmbeddings(paths[0]!) : undefined;
  if (file) refuseIgnored(command, dataAttributes, "does not go with a file of embeddings");
  const source = sourceNameOf(paths);
  const found = await interruptible(
    "Stopped; run the same command again to continue.",
    async (signal) =>
      file ? indexFile(file, source, flags, signal) : indexPaths(paths, source, flags, signal),
  ).catch(async (error: unknown) => {
    if (isNew && error instanceof NoUsableSampleError) await rm(flags.out, { recursive: true });
    throw error;
  });
  print(found, flags);
}

/** What the index says that it holds: the same whatever directory the command is run in. */
export const sourceNameOf = (paths: readonly string[]): string =>
  paths.map((path) => resolve(path)).join(", ");

interface Outcome {
  readonly report: IndexReport;
  readonly counts: Readonly<Record<VectorKind, number>>;
  readonly approximations: Readonly<Partial<Record<VectorKind, Approximation>>>;
}

async function indexFile(
  file: EmbeddingFile,
  source: string,
  flags: IndexFlags,
  signal: AbortSignal,
): Promise<Outcome> {
  const backend = await requestBackend(backendOptions(flags));
  try {
    await using index = await openOrMakeIndex(flags.out, { ...file.origin, source }, backend, {
      ...flags,
      signal,
    });
    const report = await withProgress((onProgress) =>
      indexEmbeddings(index, file, { onProgress, signal }),
    );
    return await finished(index, report, flags, signal);
  } finally {
    backend.dispose();
  }
}

async function indexPaths(
  paths: readonly string[],
  sourceName: string,
  flags: IndexFlags,
  signal: AbortSignal,
): Promise<Outcome> {
  const source = await openSource(paths, sourceOptions(flags));
  return useModel(flags, async (flava) => {
    const origin = await originOf(flava, sourceName, { signal });
    const options = { ...flags, signal };
    await using index = await openOrMakeIndex(flags.out, origin, flava.embedder.backend, options);
    const report = await withProgress((onProgress) =>
      indexSource(index, source, flava, { decode: decodeOptions(flags), onProgress, signal }),
    );
    return await finished(index, report, flags, signal);
  });
}

/** Runs work with a line of progress on standard error. */
export async function withProgress<Result>(
  work: (onProgress: (samples: number, total?: number) => void) => Promise<Result>,
): Promise<Result> {
  const progress = new ProgressLine();
  const paceOf = pace("sample");
  return work((done, total) => progress.show(paceOf(done, total))).finally(() => progress.end());
}

async function finished(
  index: ExactIndex | LanceIndex,
  report: IndexReport,
  { approximate, minRecall, force }: IndexFlags,
  signal: AbortSignal,
): Promise<Outcome> {
  await index.compact({ signal });
  const counts = { image: await index.count("image"), text: await index.count("text") };
  if (approximate) {
    if (!(index instanceof LanceIndex)) {
      throw new Error("Approximate indexes are built in LanceDB: add --database lancedb.");
    }
    for (const kind of vectorKinds) {
      if (counts[kind] === 0) continue;
      await index.approximate(kind, {
        ...{ signal, force: force ?? false },
        ...(minRecall !== undefined && { recall: minRecall }),
      });
    }
  }
  return {
    report,
    counts,
    approximations: index instanceof LanceIndex ? index.approximations : {},
  };
}

function print({ report, counts, approximations }: Outcome, { out, json }: IndexFlags): void {
  const { skipped, ...changes } = report;
  const used = changes.added + changes.replaced + changes.unchanged;
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(used)}`);
  if (json) {
    printJson({
      ...{ path: out, images: counts.image, texts: counts.text, ...changes },
      skipped: Object.fromEntries(skipped.counts),
      approximations,
    });
    return;
  }
  console.log(
    `${out}: ${counted(counts.image, "image")}, ${counted(counts.text, "text")} (${describeChanges(changes)})`,
  );
  for (const [kind, found] of Object.entries(approximations)) {
    const { recall, queries, seconds } = found;
    console.log(
      `approximate index of ${kind}s: recall@10 ${recall.toFixed(3)} of ${queries} queries of the other kind, built in ` +
        `${seconds.toFixed(1)} s (${settingsOf(found)})`,
    );
  }
}

const settingsOf = ({ settings: { ef, probes, refine } }: Approximation): string =>
  `ef ${ef}, ${probes} probes, refine ${refine}`;

function describeChanges({
  added,
  replaced,
  unchanged,
  deleted,
}: Omit<IndexReport, "skipped">): string {
  const parts = { added, replaced, unchanged, deleted };
  const some = Object.entries(parts).filter(([, count]) => count > 0);
  return some.map(([name, count]) => `${count.toLocaleString("en")} ${name}`).join(", ");
}

function recallFrom(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError("Expected a number above 0, and at most 1.");
}
