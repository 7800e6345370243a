/** `flava evaluate`: zero-shot classification, linear probes and retrieval on labeled or captioned images, or a suite of tasks. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { readTask } from "../../checkpoint/task.js";
import { cacheDirectory } from "../../base/cache.js";
import {
  type EvaluationSet,
  type TextSetKind,
  openEvaluationSet,
  openTextSet,
} from "../../eval/evaluation-set.js";
import { addDataOptions, dataAttributes, sourceOptions } from "../data-options.js";
import { evaluateFineTuned } from "./fine-tuned.js";
import { type EvaluationFlags, addEvaluationOptions, evaluateSets } from "./sets.js";
import {
  type JoinedRun,
  type SharedRunFlags,
  mpiOption,
  sharedRun,
  timeoutOption,
} from "../training/shared-run.js";
import { type SuiteFlags, addSuiteOptions, evaluateSuite, suiteAttributes } from "./suite.js";
import { expandFilePatterns } from "../file-patterns.js";
import { refuseIgnored } from "../ignored-options.js";
import { addModelOptions, useModel } from "../model-option.js";

export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description(
      "evaluate zero-shot classification, linear probes or retrieval, with confidence intervals",
    )
    .argument(
      "[set...]",
      "with a fine-tuned model, tables like those it learned from; otherwise images with captions, in one folder per class, or labeled, with a classes.json; or the name of a set of the mini-PMD",
    )
    .action(run);
  command.addOption(
    new Option(
      "--as <kind>",
      "what to evaluate on images with captions, or with masked-words on texts alone; default: retrieval",
    ).choices(["retrieval", "matching", "masked-words"]),
  );
  addDataOptions(addModelOptions(addSuiteOptions(addEvaluationOptions(command))))
    .option(
      "--no-quotes",
      "with a fine-tuned model: take quotes around cells as part of the text, as GLUE's TSV has them",
    )
    .addOption(timeoutOption())
    .addOption(mpiOption());
}

/** Options that a suite does not read: its tasks say what to evaluate, and its page is in --out. */
const attributesOfSets = [
  ...["as", "against", "html", "quotes"],
  ...dataAttributes.filter((name) => name !== "maxPixels"),
];

interface EvaluateFlags extends EvaluationFlags, SuiteFlags, SharedRunFlags {
  readonly as?: string;
  readonly quotes: boolean;
}

async function run(
  patterns: readonly string[],
  flags: EvaluateFlags,
  command: Command,
): Promise<void> {
  if (patterns.length > 0 === (flags.suite !== undefined)) {
    command.error("error: name sets to evaluate, or a suite with --suite and --data");
  }
  if (flags.suite === undefined) refuseIgnored(command, suiteAttributes, "goes with --suite");
  else refuseIgnored(command, attributesOfSets, "does not go with --suite");
  const evaluateShared = async (joined: JoinedRun): Promise<void> => {
    const shared = { ...joined, ...flags };
    if (flags.suite === undefined) await evaluatePaths(patterns, shared, command);
    else await useModel(shared, (flava) => evaluateSuite(flava, shared));
  };
  await sharedRun(flags, evaluateShared, console.log);
}

/** Evaluates sets together with the processes that were started with this one. */
async function evaluatePaths(
  patterns: readonly string[],
  flags: EvaluationFlags & Pick<EvaluateFlags, "as" | "quotes">,
  command: Command,
): Promise<void> {
  if (flags.model !== undefined && (await readTask(flags.model))) {
    refuseIgnored(command, ["as", "against", "out"], "is not for fine-tuned models");
    await evaluateFineTuned(await expandFilePatterns(patterns), flags);
    return;
  }
  refuseIgnored(command, ["quotes"], "goes with a fine-tuned model");
  const sets: EvaluationSet[] = [];
  for (const path of await expandFilePatterns(patterns)) {
    const [place, options] = [placeOf(path), sourceOptions(flags)];
    sets.push(
      flags.as === undefined
        ? await openEvaluationSet(place, options)
        : await openTextSet(flags.as.replace("-", " ") as TextSetKind, place, options),
    );
  }
  await evaluateSets(sets, flags);
}

/** A path, or the name of a set in the cache. */
function placeOf(path: string): string {
  const built = join(cacheDirectory(), "pmd", "evaluation", path);
  return !existsSync(path) && existsSync(built) ? built : path;
}
