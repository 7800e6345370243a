/** `flava search-app`: from images to a page that searches them. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { Flava } from "../../api/flava.js";
import { cacheDirectory } from "../../base/cache.js";
import { packagePath } from "../../base/package-root.js";
import { openBackend } from "../../backend/open.js";
import { openSource } from "../../data/formats/open.js";
import { type IndexReport, indexSource } from "../../search/index-source.js";
import { openOrMakeIndex, originOf } from "../../search/open-index.js";
import type { VectorIndex } from "../../search/vector-index.js";
import { addSearch } from "../../serve/routes/search.js";
import { createServer } from "../../serve/server.js";
import { type DataFlags, addDataOptions, decodeOptions, sourceOptions } from "../data-options.js";
import { expandFilePatterns } from "../file-patterns.js";
import { interruptible } from "../interruptible.js";
import { type ModelFlags, addModelOptions, backendOptions, useModel } from "../model-option.js";
import { outputDirectory } from "../output-path.js";
import { wholeNumberFrom } from "../whole-number.js";
import { sourceNameOf, withProgress } from "./index-verb.js";

interface SearchAppFlags extends ModelFlags, DataFlags {
  readonly index?: string;
  readonly port: number;
  readonly watch?: boolean;
}

/** How often --watch looks for changes. */
const secondsBetweenLooks = 5;

export function addSearchApp(program: Command): void {
  const command = program
    .command("search-app")
    .description(
      "embed and index images, and open a page on this machine that searches them; the next start takes in what has changed",
    )
    .argument("<source...>", "folders of images, image files, tar shards, Parquet files or tables")
    .option(
      "--index <directory>",
      "where the index is kept; default: in the cache (FLAVA_CACHE)",
      outputDirectory,
    )
    .option("--port <n>", "port; 0 for any that is free", wholeNumberFrom(0), 8000)
    .option("--watch", "take in changes while the page is open, too")
    .action(run);
  addDataOptions(addModelOptions(command));
}

async function run(patterns: readonly string[], flags: SearchAppFlags): Promise<void> {
  await useModel(flags, (flava) =>
    interruptible("Stopped; what was embedded is kept.", async (signal) => {
      const source = sourceNameOf(await expandFilePatterns(patterns));
      const origin = originOf(flava, source);
      const directory = flags.index ?? cachedIndex(source, origin.fingerprint);
      const backend = openBackend(backendOptions(flags)); // the server closes the model before the index
      try {
        await using index = await openOrMakeIndex(directory, origin, backend);
        const takeIn = (): Promise<IndexReport> => update(index, patterns, flava, flags, signal);
        console.error(`flava: ${describeReport(await takeIn())}`);
        await index.compact({ signal });
        await serve(index, flava, flags, signal, takeIn);
      } finally {
        backend.dispose();
      }
    }),
  );
}

/** Where the index of a source is kept: a name to recognize, and what distinguishes it. */
function cachedIndex(source: string, fingerprint: string): string {
  const digest = createHash("sha256").update(`${fingerprint} ${source}`).digest("hex");
  return join(cacheDirectory(), "search", `${basename(resolve(source))}-${digest.slice(0, 12)}`);
}

async function update(
  index: VectorIndex,
  patterns: readonly string[],
  flava: Flava,
  flags: SearchAppFlags,
  signal: AbortSignal,
): Promise<IndexReport> {
  const source = await openSource(await expandFilePatterns(patterns), sourceOptions(flags));
  const report = await withProgress((onProgress) =>
    indexSource(index, source, flava, { decode: decodeOptions(flags), onProgress, signal }),
  );
  const { skipped } = report;
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(usedBy(report))}`);
  return report;
}

const usedBy = ({ added, replaced, unchanged }: IndexReport): number =>
  added + replaced + unchanged;

function describeReport(report: IndexReport): string {
  const { added, replaced, deleted } = report;
  return `${usedBy(report)} samples in the index: ${added} new, ${replaced} changed, ${deleted} gone`;
}

async function serve(
  index: VectorIndex,
  flava: Flava,
  flags: SearchAppFlags,
  signal: AbortSignal,
  takeIn: () => Promise<IndexReport>,
): Promise<void> {
  const pages = packagePath("dist", "app");
  const server = await createServer({
    models: { [basename(flava.model.path)]: () => Promise.resolve(flava) },
    extend: (app) => addSearch(app, index),
    ...(existsSync(pages) && { pages }),
  });
  try {
    const url = await server.listen({ port: flags.port });
    const page = existsSync(pages) ? url : `${url}/docs`;
    console.log(page);
    console.error("flava: Ctrl-C stops the server");
    if (process.stdout.isTTY) openInBrowser(page);
    await (flags.watch ? watch(takeIn, signal) : aborted(signal));
  } finally {
    await server.close();
    if (signal.aborted) process.exitCode = 0; // stopping it is how it ends
  }
}

async function watch(takeIn: () => Promise<IndexReport>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await sleep(1000 * secondsBetweenLooks, undefined, { signal });
      const report = await takeIn();
      if (report.added + report.replaced + report.deleted > 0)
        console.error(`flava: ${describeReport(report)}`);
    } catch (error) {
      if (signal.aborted) return;
      console.error(`flava: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Opens a page where a browser can be shown; otherwise the printed address has to do. */
function openInBrowser(url: string): void {
  const { platform, env } = process;
  const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    darwin: ["open", url],
    win32: ["cmd", "/c", "start", "", url],
    linux: ["xdg-open", url],
  };
  const [command, ...words] = openers[platform] ?? [];
  const hasDisplay = platform !== "linux" || (env.DISPLAY ?? env.WAYLAND_DISPLAY);
  if (command === undefined || !hasDisplay) return;
  const opener = spawn(command, words, { stdio: "ignore", detached: true });
  opener.on("error", () => undefined); // the address is printed
  opener.unref();
}
