/** Fine-tunes a model on labeled samples, once for each seed, each in its own directory. */
import { counted } from "../base/counted.js";
import { cp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "../backend/backend.js";
import { formatBytes } from "../backend/available-memory.js";
import { exists } from "../base/exists.js";
import { packageVersion } from "../base/package-root.js";
import { shippedModel } from "../api/load.js";
import { loadModel } from "../checkpoint/load-model.js";
import type { Model } from "../checkpoint/model.js";
import type { FinetuningRecipe } from "../configs/finetuning-recipe.js";
import { Loader } from "../data/batch/loader.js";
import { ShardPlanner, type ShardsOptions, nextShards } from "../data/batch/shards.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import type { TaskSizes } from "../data/labeled/labeled-batch.js";
import type { LabeledReaderOptions } from "../data/labeled/labeled-reader.js";
import type { SampleColumns } from "../data/labeled/labeled-row.js";
import { isKnown } from "../data/labeled/labels.js";
import { ShuffledSamples } from "../data/labeled/shuffled-samples.js";
import { lossName, measureNames } from "../eval/task-measures.js";
import type { Task } from "../model/task.js";
import type { ZeroStage } from "../optim/zero.js";
import { barrier, isFirst, requireSame } from "../parallel/agreement.js";
import { withSharedFolder } from "../parallel/shared-folder.js";
import { type Ending, type StepsMade, train } from "./loop.js";
import { type ResolvedRecipe, resolveRecipe } from "./resolved-recipe.js";
import type { Provenance } from "./run/provenance.js";
import { writeReport } from "./run/report.js";
import { checkRun } from "./run/resume.js";
import { RunDirectory } from "./run/run-directory.js";
import { requireSplit, shardCount, shardsOf } from "./run/shared-run.js";
import { blockSpeed, describeTime } from "./run/speed.js";
import { identitiesOf } from "./run/start.js";
import {
  type SeedResult,
  bestSeed,
  describeSeeds,
  resultOf,
  seedsSection,
  summaryOf,
} from "./seed-results.js";
import { type BestMeasure, bestMeasure, describeBest } from "./stages/best-measure.js";
import { FinetuningStage } from "./stages/finetuning.js";
import type { Log } from "./stages/stage.js";
import { batchesOf, identityOf, taskOf } from "./task-data.js";
import { identityOfVocabulary } from "./vocabulary.js";

/** What is fine-tuned, on what, and what is told meanwhile. */
export interface FinetuneOptions {
  /** As `checkFinetuningRecipe` gives it. */
  readonly recipe: FinetuningRecipe;
  /** The model to start from: a directory in Hugging Face's form, or a weights file; default: the model that ships. */
  readonly model?: string;
  /** Labeled samples, as `readLabeled` gives them. All must have what the first one has. */
  readonly train: readonly LabeledSample[];
  /** Without any, only the last model is kept. */
  readonly validation: readonly LabeledSample[];
  /** Names of the columns, kept with the model. */
  readonly columns?: SampleColumns;
  /** The run's directory, with one for each seed, and the best model in `model/`. */
  readonly directory: string;
  /** What computes; it is not disposed. */
  readonly backend: Backend;
  /** Continue a run even if its recipe, data or model have changed. */
  readonly allowChanges?: boolean;
  /** What is divided among processes; default: nothing. */
  readonly zero?: ZeroStage | undefined;
  /** Threads that prepare batches; 0: they are prepared in this thread. */
  readonly workers: number;
  /** Called with each log line. */
  readonly log: Log;
  /** Called after each step. */
  readonly onProgress?: (made: StepsMade) => void;
  /** When aborted, training saves and stops after the current step. */
  readonly signal?: AbortSignal;
}

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

/** What all seeds share. */
interface Session extends FinetuneOptions {
  readonly source: Omit<Model, "state">;
  readonly task: Task;
  readonly resolved: ResolvedRecipe;
  /** The shards of each batch that this process computes. */
  readonly shards: ShardsOptions;
  /** Chooses the best model; undefined without validation data. */
  readonly best: BestMeasure | undefined;
  readonly reader: LabeledReaderOptions;
  readonly largest: TaskSizes;
  readonly provenance: Omit<Provenance, "stage">;
  readonly report: {
    readonly directory: string;
    readonly title: string;
    readonly recipe: Provenance["recipe"];
  };
  readonly runOf: (seed: number) => RunDirectory;
}

const nameOf = (seed: number): string => `seed-${seed}`;

/** What to fine-tune, with the model to start from. */
type Given = FinetuneOptions & { readonly model: string };

async function prepare(options: Given): Promise<Session> {
  const { recipe, backend, directory } = options;
  const { communicator: processes } = backend;
  const { state, ...source } = await loadModel(options.model, backend);
  state.dispose();
  const task = taskOf(recipe, options.train, options.columns ?? {}, source.config);
  const known = (samples: readonly LabeledSample[]): LabeledSample[] =>
    samples.filter(({ target }) => target && isKnown(task.labels, target));
  const [samples, validation] = [known(options.train), known(options.validation)];
  const best = bestMeasure(
    {
      name: recipe.name,
      measures: validation.length > 0 ? measureNames(task.labels) : [],
      losses: [lossName],
    },
    recipe.best,
  );
  const runOf = (seed: number): RunDirectory =>
    new RunDirectory(join(directory, nameOf(seed)), isFirst(processes));
  const started = await runOf(recipe.seeds[0]!).readFacts();
  const shards = shardCount(recipe, started && (started.recipe.shards ?? 1), processes);
  requireSplit("batch", recipe.batch, { ...recipe, shards });
  const shared = shards === 1 ? recipe : { ...recipe, shards }; // as in runs before there were shards
  const resolved = resolveRecipe(shared, {
    samples: samples.length,
    width: source.config[task.encoder].width,
  });
  const { reader, largest, truncated } = batchesOf(task, source, resolved, samples);
  if (truncated !== undefined) options.log(truncated);
  const provenance = await provenanceOf(options, source, resolved, { samples, validation });
  return {
    ...options,
    ...{ train: samples, validation, source, task, best, resolved, reader, provenance, runOf },
    shards: shardsOf(resolved, processes),
    largest: { ...largest, samples: largest.samples / shards },
    report: { directory, title: `Fine-tuning "${recipe.name}"`, recipe: provenance.recipe },
  };
}

async function provenanceOf(
  { recipe, model, backend }: Given,
  { tokenizer }: Pick<Model, "tokenizer">,
  resolved: ResolvedRecipe,
  data: {
    readonly samples: readonly LabeledSample[];
    readonly validation: readonly LabeledSample[];
  },
): Promise<Session["provenance"]> {
  const { seeds, every, best, patience, ...settings } = resolved;
  return {
    version: packageVersion(),
    level: backend.level,
    recipe: {
      ...settings,
      data: { train: identityOf(data.samples), validation: identityOf(data.validation) },
      stages: seeds.map((seed) => ({ name: nameOf(seed), seed, every, best, patience })),
    },
    vocabulary: identityOfVocabulary(tokenizer.vocabulary),
    samples: { train: data.samples.length, validation: data.validation.length },
    start: await identitiesOf([{ name: recipe.name, path: model }]),
  };
}

/** Trains with one seed, from its last checkpoint or from the start. */
async function runSeed(seed: number, session: Session): Promise<Ending> {
  const { backend, resolved, source, task, largest, provenance, zero = 0, log } = session;
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
  const stage = new FinetuningStage({
    ...{ backend, name: nameOf(seed), recipe: resolved, seed, model: source, task, largest, log },
    ...{ train: session.train, validation: session.validation, shards: session.shards, zero },
  });
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

/** Logs how much memory and time training needs. */
async function logNeeds(
  stage: FinetuningStage,
  steps: number,
  { backend, source, task, resolved, log }: Session,
): Promise<void> {
  const { memory, flops } = stage.prepare();
  const bytes = memory.state + memory.step;
  log(`Memory: ${formatBytes(bytes)} for the state and the largest step.`);
  const sizes = source.config[task.encoder];
  const speed = await blockSpeed(backend, sizes, resolved.precision, steps * flops);
  log(`Time at most: ${describeTime(steps, flops, speed)}.`);
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
