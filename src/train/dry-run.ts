/** What a run would take: checks data, memory, time and disk without training. */
import { counted, grouped } from "../base/counted.js";
import { join } from "node:path";
import { formatBytes } from "../backend/available-memory.js";
import { replaceFile } from "../base/replace-file.js";
import type { StageRecipe } from "../configs/recipe.js";
import { isFirst } from "../parallel/agreement.js";
import { batchKinds } from "../data/batch/mixture.js";
import { type Section, page } from "../report/page.js";
import { describeCutTexts } from "./cut-texts.js";
import { checkpointBytes, freeSpace, requireSpace } from "./disk-space.js";
import { describeMemory, estimateStage, requireEstimated } from "./estimate.js";
import { openStage } from "./open-stage.js";
import { peekSections } from "./peek.js";
import type { PretrainOptions } from "./pretrain.js";
import { describeTime } from "./run/speed.js";
import { requireStages } from "./require-stages.js";
import { requireStart, unfinishedStage } from "./require-start.js";
import { RunDirectory } from "./run/run-directory.js";
import { withShards } from "./run/shared-run.js";
import { type SizedRecipe, sizedRecipe } from "./sized-recipe.js";
import { sizesOf } from "../data/batch/sample-set.js";
import { mixtureOptions } from "./stage-batches.js";
import { bestMeasure, describeBest } from "./stages/best-measure.js";
import { type Preparation, describeUnread, preparationFor, trainingSets } from "./stage-data.js";
import { vocabularyOf } from "./vocabulary.js";

/** What would be trained, as for `pretrain`. */
export interface DryRunOptions extends Pick<
  PretrainOptions,
  | "recipe"
  | "directory"
  | "backend"
  | "only"
  | "start"
  | "workers"
  | "log"
  | "signal"
  | "onIndexed"
  | "zero"
> {
  /** Path of a page to write, with the first batches of each stage as the model will see them. */
  readonly peek?: string;
}

/**
 * Logs for each stage its samples, memory, time and disk space. Nothing is trained, and nothing is written but indexes of
 * data and the page of `peek`.
 *
 * @returns estimated seconds of training on an idle machine
 * @throws Error if a stage could not run: its data or weights cannot be used, or memory or disk space do not suffice
 */
export async function dryRun(options: DryRunOptions): Promise<number> {
  const { only, peek, start = options.recipe.start } = options;
  const { communicator: processes } = options.backend;
  const recipe = withShards(await sizedRecipe({ ...options.recipe, start }), undefined, processes);
  requireStages(recipe, only);
  const differences = await requireStart(recipe, only);
  const sections: Section[] = [];
  let seconds = 0;
  const { log, signal, onIndexed: onProgress } = options;
  const preparation = preparationFor({ log, signal, onProgress });
  const listed = new ListedSources();
  for (const line of describeUnread(recipe)) log(line);
  if (differences.length > 0) log(`${recipe.start}: ${differences.join(". ")}.`);
  const unfinished = await unfinishedStage(recipe, options.directory, only);
  if (unfinished) log(unfinished.message); // what the stage would take can be told all the same
  for (const stage of recipe.stages) {
    if (only && !only.includes(stage.name)) continue;
    const found = await dryRunStage(stage, recipe, { ...options, preparation, listed });
    sections.push(...found.sections);
    seconds += found.seconds;
  }
  if (peek === undefined || !isFirst(processes)) return seconds;
  const facts = "The first samples of the first batch of each kind that a stage draws.";
  await replaceFile(peek, page(`What "${recipe.name}" sees`, facts, sections));
  log(`The first batches are in ${peek}.`);
  return seconds;
}

interface PreparedOptions extends DryRunOptions {
  readonly preparation: Preparation;
  readonly listed: ListedSources;
}

/** What stages draw from: most draw from the same sources, whose list is long. */
class ListedSources {
  readonly #stages = new Map<string, string>();

  /** The lines, or one that names the stage which has the same. */
  shorten(lines: readonly string[], kind: string, stage: string): readonly string[] {
    const list = lines.join("\n");
    const earlier = this.#stages.get(list);
    if (earlier === undefined) this.#stages.set(list, stage);
    if (earlier === undefined || lines.length < 3) return lines;
    return [`${kind.padEnd(6)} sources as of stage "${earlier}"`];
  }
}

/** Returns the estimated seconds, and the sections of `peek`, if it is asked for. */
async function dryRunStage(
  stage: StageRecipe,
  recipe: SizedRecipe,
  { directory, backend, workers, log, signal, peek, zero, preparation, listed }: PreparedOptions,
): Promise<{ readonly seconds: number; readonly sections: readonly Section[] }> {
  log(`Stage "${stage.name}": ${counted(stage.steps, "step")}`);
  const vocabulary = await vocabularyOf(recipe);
  const sets = await trainingSets(recipe.data, stage, preparation);
  const { batch, shares } = mixtureOptions(recipe, stage, sizesOf(sets));
  for (const kind of batchKinds) {
    const lines = sets[kind].map(
      ({ name, samples }) => `${kind.padEnd(6)} ${grouped(samples[kind]).padStart(12)}  ${name}`,
    );
    for (const line of listed.shorten(lines, kind, stage.name)) log(`  ${line}`);
    if (shares[kind] > 0) log(`  ${kind} batches of ${grouped(batch[kind])}`);
  }
  for (const line of await describeCutTexts(sets, recipe.data, vocabulary)) log(`  ${line}`);
  const run = new RunDirectory(join(directory, stage.name));
  const opened = await openStage(stage, {
    ...{ backend, recipe, vocabulary, run, preparation, zero, start: [], extra: [] },
  });
  let seconds: number;
  try {
    const { steps } = stage;
    const resources = { backend, recipe, workers };
    const { memory, flops, speed } = await estimateStage(opened, steps, resources);
    seconds = (steps * flops) / speed.idle;
    log(`  memory ${describeMemory(memory)}`);
    log(`  time   ${describeTime(steps, flops, speed)}`);
    const disk = checkpointBytes(opened.state);
    const free = await freeSpace(directory);
    log(`  disk   ${formatBytes(disk)} for checkpoints; ${formatBytes(free)} are free`);
    requireEstimated(stage.name, memory);
    requireSpace(directory, disk, free);
    await opened.load(signal);
    log(`  ${describeBest(bestMeasure(opened, stage.best))}`);
  } finally {
    await opened.dispose();
  }
  const sections =
    peek === undefined ? [] : await peekSections(stage, recipe, { sets, vocabulary });
  return { seconds, sections };
}
