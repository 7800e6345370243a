/** `flava evaluate`: zero-shot classification, linear probes and retrieval on labeled or captioned images. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { Flava } from "../api/flava.js";
import { cacheDirectory } from "../base/cache.js";
import { keyOf } from "../base/random.js";
import type { DecodeOptions } from "../data/image/decode.js";
import { type Evaluation, evaluate } from "../eval/evaluate.js";
import { type EvaluationSet, openEvaluationSet } from "../eval/evaluation-set.js";
import { page } from "../report/page.js";
import { toJson, toMarkdown } from "../report/evaluation-text.js";
import { toSection } from "../report/evaluation-section.js";
import { type DataFlags, addDataOptions, decodeOptions, sourceOptions } from "./data-options.js";
import { expandFilePatterns } from "./file-patterns.js";
import { interruptible } from "./interruptible.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { outputFile } from "./output-path.js";
import { ProgressLine, pace } from "./progress.js";

interface EvaluateFlags extends ModelFlags, DataFlags, JsonFlag {
  readonly html?: string;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description(
      "evaluate zero-shot classification, linear probes or retrieval, with confidence intervals",
    )
    .argument(
      "<set...>",
      "images with captions, in one folder per class, or labeled, with a classes.json; or the name of a set of the mini-PMD",
    )
    .option("--html <file>", "write a page with examples", outputFile([".html"], { replace: true }))
    .addOption(jsonOption())
    .action(run);
  addDataOptions(addModelOptions(command));
}

async function run(patterns: readonly string[], flags: EvaluateFlags): Promise<void> {
  const sets: EvaluationSet[] = [];
  for (const path of await expandFilePatterns(patterns))
    sets.push(await openEvaluationSet(placeOf(path), sourceOptions(flags)));
  await useModel(flags, (flava) =>
    interruptible("Stopped; nothing was written.", async (signal) => {
      const evaluations = await evaluateAll(flava, sets, decodeOptions(flags), signal);
      const { path: model, precision } = flava.model;
      if (flags.json) printJson({ model, precision, evaluations: evaluations.map(toJson) });
      else console.log(toMarkdown(evaluations));
      if (flags.html !== undefined) await writeFile(flags.html, await pageOf(flava, evaluations));
    }),
  );
}

/** A path, or the name of a set in the cache. */
function placeOf(path: string): string {
  const built = join(cacheDirectory(), "pmd", "evaluation", path);
  return !existsSync(path) && existsSync(built) ? built : path;
}

async function evaluateAll(
  flava: Flava,
  sets: readonly EvaluationSet[],
  decode: DecodeOptions,
  signal: AbortSignal,
): Promise<Evaluation[]> {
  const progress = new ProgressLine();
  const evaluations: Evaluation[] = [];
  for (const set of sets) {
    const paceOf = pace("images");
    const evaluation = await evaluate(set, flava, {
      decode,
      onProgress: (done, total) => progress.show(`${set.name}: ${paceOf(done, total)}`),
      signal,
    });
    evaluations.push(evaluation);
    progress.end();
  }
  return evaluations;
}

async function pageOf(flava: Flava, evaluations: readonly Evaluation[]): Promise<string> {
  const { path, precision, backend } = flava.model;
  const options = { backend, key: keyOf(0) };
  const sections = [];
  for (const evaluation of evaluations) sections.push(await toSection(evaluation, options));
  return page("Evaluation", `${path}, ${precision}, ${backend.name} (${backend.level})`, sections);
}
