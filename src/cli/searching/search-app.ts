/** `flava search-app`: from images to a page that searches them. */
import { counted } from "../../base/counted.js";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { Flava } from "../../api/flava.js";
import { cacheDirectory } from "../../base/cache.js";
import { packagePath } from "../../base/package-root.js";
import { openSource } from "../../data/formats/open.js";
import type { EmbeddingOrigin } from "../../search/embedding-file.js";
import { indexSource } from "../../search/index-source.js";
import { openOrMakeIndex, originOf } from "../../search/open-index.js";
import { createServer } from "../../serve/server.js";
import { type DataFlags, addDataOptions, decodeOptions, sourceOptions } from "../data-options.js";
import { expandFilePatterns } from "../file-patterns.js";
import { interruptible } from "../interruptible.js";
import { type JsonFlag, printJson } from "../json.js";
import { type ModelFlags, addModelOptions, useModel } from "../model-option.js";
import { outputDirectory } from "../output-path.js";
import { portNumber } from "../whole-number.js";
import { sourceNameOf, withProgress } from "./index-verb.js";

interface SearchAppFlags extends ModelFlags, DataFlags, JsonFlag {
  readonly index?: string;
  readonly port: number;
}

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
    .option("--port <n>", "port; 0 for any that is free", portNumber, 8000)
    .addOption(new Option("--json", "print the URL and the index as JSON, once it listens"))
    .action(run);
  addDataOptions(addModelOptions(command));
}

async function run(patterns: readonly string[], flags: SearchAppFlags): Promise<void> {
  await useModel(flags, (flava) =>
    interruptible("Stopped; what was embedded is kept.", async (signal) => {
      const paths = await expandFilePatterns(patterns);
      const origin = await originOf(flava, sourceNameOf(paths), { signal });
      const directory = flags.index ?? cachedIndex(origin);
      await update(directory, origin, paths, flava, flags, signal);
      await serve(directory, flava, flags, signal);
    }),
  );
}

/** Where the index of a source is kept: a name to recognize, and what distinguishes it. */
function cachedIndex({ source, fingerprint }: EmbeddingOrigin): string {
  const digest = createHash("sha256").update(`${fingerprint} ${source}`).digest("hex");
  return join(cacheDirectory(), "search", `${basename(resolve(source))}-${digest.slice(0, 12)}`);
}

/** Makes the index hold what the sources hold now. */
async function update(
  directory: string,
  origin: EmbeddingOrigin,
  paths: readonly string[],
  flava: Flava,
  flags: SearchAppFlags,
  signal: AbortSignal,
): Promise<void> {
  const source = await openSource(paths, sourceOptions(flags));
  await using index = await openOrMakeIndex(directory, origin, flava.embedder.backend, { signal });
  const report = await withProgress((onProgress) =>
    indexSource(index, source, flava, { decode: decodeOptions(flags), onProgress, signal }),
  );
  await index.compact({ signal });
  const { skipped, added, replaced, deleted } = report;
  const used = added + replaced + report.unchanged;
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(used)}`);
  console.error(
    `flava: ${counted(used, "sample")} in the index: ${added} new, ${replaced} changed, ${deleted} gone`,
  );
}

async function serve(
  directory: string,
  flava: Flava,
  flags: SearchAppFlags,
  signal: AbortSignal,
): Promise<void> {
  const pages = packagePath("dist", "app");
  const hasPages = existsSync(pages);
  const server = await createServer({
    models: { [basename(flava.model.path)]: () => Promise.resolve(flava) },
    index: directory,
    onWarning: (message) => console.error(`flava: ${message}`),
    ...(hasPages && { pages }),
  });
  try {
    const url = await server.listen({ port: flags.port });
    const page = `${url}${hasPages ? "/#/search" : "/docs"}`;
    if (flags.json) printJson({ url: page, index: directory });
    else console.log(page);
    console.error("flava: Ctrl-C stops the server");
    if (process.stdout.isTTY) openInBrowser(page);
    await aborted(signal);
    process.exitCode = 0; // stopping it is how it ends
  } finally {
    await server.close();
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
