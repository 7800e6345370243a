/** Fine-tunes a model on labeled samples, once for each seed, each in its own directory. */
import { counted } from "../base/counted.js";
import { cp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../base/exists.js";
import { shippedModel } from "../api/load.js";
import { Loader } from "../data/batch/loader.js";
import { ShardPlanner, nextShards } from "../data/batch/shards.js";
import { ShuffledSamples } from "../data/labeled/shuffled-samples.js";
import { lossName } from "../eval/task-measures.js";
import { barrier, isFirst, requireSame } from "../parallel/agreement.js";
import { withSharedFolder } from "../parallel/shared-folder.js";
import {
  type FinetuneOptions,
  type Session,
  logNeeds,
  nameOf,
  prepare,
  stageOf,
} from "./finetune-session.js";
import { type Ending, train } from "./loop.js";
import { writeReport } from "./run/report.js";
import { checkRun } from "./run/resume.js";
import {
  type SeedResult,
  bestSeed,
  describeSeeds,
  resultOf,
  seedsSection,
  summaryOf,
} from "./seed-results.js";
import { describeBest } from "./stages/best-measure.js";
import type { FinetuningStage } from "./stages/finetuning.js";
import type { Log } from "./stages/stage.js";

/** What a run of all seeds gives. */
export interface FinetuneResult {
  /** Whether all seeds are finished. */
  readonly ending: Ending;
  /** The directory of the model of the best seed; undefined if training was stopped. */
  readonly model?: string;
  /** The results of the finished seeds. */
  readonly seeds: readonly SeedResult[];
}

/**
 * Fine-tunes a model: the runs that are not finished yet, in turn; then copies the best model of the best seed to
 * `model/` and writes `results.json`.
 *
 * @throws LabelsError if there is nothing to learn; LockError if another process is training in the directory;
 *   ChangedRunError if the run was made with other settings
 *
 * @example
 * import { readLabeled, splitByKey } from "flava/data";
 * import { openBackend } from "flava/engine";
 * import { checkFinetuningRecipe, finetune, finetuningRecipes } from "flava/train";
 *
 * const columns = { text: "review", label: "stars" };
 * const { samples } = await readLabeled("reviews.csv", { columns, target: "class" });
 * const { model } = await finetune({
 *   recipe: checkFinetuningRecipe(finetuningRecipes.text, "text"),
 *   ...splitByKey(samples, 0.1),
 *   columns,
 *   directory: "runs/stars",
 *   backend: openBackend(),
 *   workers: 1,
 *   log: console.log,
 * });
 * console.log(model);
 */
export async function finetune(options: FinetuneOptions): Promise<FinetuneResult> {
  const { directory, backend } = options;
  const isWriter = isFirst(backend.communicator);
  const log: Log = isWriter ? options.log : () => undefined;
  const runSeeds = async (): Promise<FinetuneResult> => {
    const model = options.model ?? shippedModel();
    const session = await prepare({ ...options, model, log });
    const seeds: SeedResult[] = [];
    for (const seed of options.recipe.seeds) {
      if ((await runSeed(seed, session)) === "stopped") return { ending: "stopped", seeds };
      seeds.push(await resultOf(seed, session.runOf(seed), session.best));
    }
    const best = join(directory, "model");
    if (isWriter) await writeResults(seeds, best, session);
    await barrier(backend.communicator); // the model may be read by all
    return { ending: "finished", model: best, seeds };
  };
  return withSharedFolder(backend.communicator, directory, runSeeds);
}

/** Copies the best model to `model`, and writes and logs the results of all seeds. */
async function writeResults(
  seeds: readonly SeedResult[],
  model: string,
  session: Session,
): Promise<void> {
  const { directory, best, report, log } = session;
  await copyBest(seeds, model, session);
  await writeFile(
    join(directory, "results.json"),
    `${JSON.stringify({ ...summaryOf(seeds, best), seeds }, undefined, 2)}\n`,
  );
  await writeReport({ ...report, more: [seedsSection(seeds, best)] });
  for (const line of describeSeeds(seeds, best)) log(line);
  log(`The model is in ${model}.`);
}

/** Trains with one seed, from its last checkpoint or from the start. */
async function runSeed(seed: number, session: Session): Promise<Ending> {
  const { backend, resolved, provenance, zero = 0, log } = session;
  const run = session.runOf(seed);
  const own = { ...provenance, stage: nameOf(seed) };
  const { communicator: processes } = backend;
  const isFinished = await checkRun(run, own, resolved.steps, session);
  await requireSame(processes, { ...own, zero, checkpoints: await run.checkpoints() });
  if (isFinished) {
    log(`Seed ${seed} is finished: ${run.file("final")}`);
    return "finished";
  }
  const { length } = session.train;
  const { steps: most = 0, epochs } = session.recipe;
  if (most > resolved.steps)
    log(
      `${counted(epochs!, "epoch")} of ${counted(length, "sample")} end before the ${counted(most, "step")} of the recipe; ` +
        "for more, set epochs.",
    );
  log(
    `Seed ${seed}: ${counted(resolved.steps, "step")} on ${counted(length, "sample")}, in ${run.path}`,
  );
  const stage = stageOf(seed, session);
  try {
    await run.writeFacts({ ...own, steps: stage.steps, losses: { [lossName]: stage.baseline } });
    log(describeBest(session.best));
    const ending = await trainStage(stage, seed, session);
    await barrier(processes); // all read what the first process has written
    return ending;
  } finally {
    await stage.dispose();
  }
}

async function trainStage(stage: FinetuningStage, seed: number, session: Session): Promise<Ending> {
  const { resolved, shards, best, workers, report, log, signal, onProgress } = session;
  const run = session.runOf(seed);
  const progress = await run.resume(stage.state);
  if (progress) log(`Continuing after step ${progress.step} of ${resolved.steps}.`);
  else await stage.begin();
  const left = resolved.steps - (progress?.step ?? 0);
  if (left > 0) await logNeeds(stage, left, session);
  const loader = await Loader.open({
    planner: new ShardPlanner(
      new ShuffledSamples(session.train, resolved.batch, seed, progress?.cursor),
      shards,
    ),
    reader: "labeled",
    options: session.reader,
    workers,
  });
  try {
    return await train(stage, {
      ...{ run, progress, every: resolved.every, best, patience: resolved.patience },
      processes: session.backend.communicator,
      loader: { next: () => nextShards(loader, shards) },
      ...{ report, log, rateSetting: "rate.peak" },
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
    });
  } finally {
    await loader.close();
  }
}

/** Copies the best model of the best seed to `model`, or the last model if nothing was measured. */
async function copyBest(
  seeds: readonly SeedResult[],
  model: string,
  session: Session,
): Promise<void> {
  const run = session.runOf(bestSeed(seeds, session.best).seed);
  const from = (await exists(run.file("best"))) ? run.file("best") : run.file("final");
  const partial = `${model}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(from, partial, { recursive: true });
  await rm(model, { recursive: true, force: true });
  await rename(partial, model);
}
