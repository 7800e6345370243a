/** Runs the stages of a recipe in order, each in its own directory and starting from the weights of earlier ones. */
import { counted } from "../base/counted.js";
import { join } from "node:path";
import type { Backend } from "../backend/backend.js";
import { packageVersion } from "../base/package-root.js";
import type { Recipe, StageRecipe } from "../configs/recipe.js";
import { Loader } from "../data/batch/loader.js";
import { Mixture } from "../data/batch/mixture.js";
import { ShardPlanner, nextShards } from "../data/batch/shards.js";
import { barrier, inTurns, isFirst, requireSame } from "../parallel/agreement.js";
import { withSharedFolder } from "../parallel/shared-folder.js";
import type { ZeroStage } from "../optim/zero.js";
import { type SampleSets, indexesOf, sizesOf } from "../data/batch/sample-set.js";
import type { Vocabulary } from "../data/text/vocabulary.js";
import { lossLines } from "../report/loss-table.js";
import { describeCutTexts } from "./cut-texts.js";
import { describeMemory, estimateStage, requireEstimated } from "./estimate.js";
import { type Ending, type StepsMade, train } from "./loop.js";
import { openStage } from "./open-stage.js";
import { cappedBatches, contrastiveFloor, overfitTask, overfitVerdict } from "./overfit.js";
import { requireStages } from "./require-stages.js";
import { requireStart, unfinishedStage } from "./require-start.js";
import { type Provenance, differences, judgesAlike } from "./run/provenance.js";
import { type LogEntry, readLog } from "./run/log.js";
import { checkRun } from "./run/resume.js";
import { type Progress, RunDirectory } from "./run/run-directory.js";
import { describeTime } from "./run/speed.js";
import { shardsOf, withShards } from "./run/shared-run.js";
import { type StartWeights, identitiesOf, startWeights } from "./run/start.js";
import {
  type Preparation,
  describeUnread,
  digestsOf,
  preparationFor,
  samplesOf,
  trainingSets,
  validationSets,
} from "./stage-data.js";
import { batchOptions, mixtureOptions } from "./stage-batches.js";
import { identityOfVocabulary, requireSameVocabulary, vocabularyOf } from "./vocabulary.js";
import { type ExtraLoss, requireNames } from "./stages/extra-loss.js";
import { bestMeasure, describeBest } from "./stages/best-measure.js";
import { type SizedRecipe, sizedRecipe } from "./sized-recipe.js";
import type { Baselines, Log, RecipeStage } from "./stages/stage.js";

/** What is trained, where it is written, and what is told meanwhile. */
export interface PretrainOptions {
  /** As `readRecipe` or `checkRecipe` gives it. */
  readonly recipe: Recipe;
  /** The run's directory, which contains those of the stages. */
  readonly directory: string;
  /** What computes; it is not disposed. */
  readonly backend: Backend;
  /** Only these stages; default: all. */
  readonly only?: readonly string[];
  /** Instead of the recipe's own `start`: a checkpoint that is loaded first, as far as it fits. */
  readonly start?: string;
  /**
   * Train on only this many samples of each set, in batches of at most as many, to see whether the model can memorize
   * them; a verdict is logged at the end of each stage. Such a run has its own directory, `overfit-N` in `directory`.
   */
  readonly overfit?: number;
  /** Continue a run even if its recipe or start weights have changed, or if it was finished and now has more steps. */
  readonly allowChanges?: boolean;
  /**
   * ZeRO stage: with 1, the moments of the optimizer are divided among processes, with 3, the weights and gradients, too, but for
   * those of the codebook's stage. Results and checkpoints stay the same, bit for bit; default: 0.
   */
  readonly zero?: ZeroStage | undefined;
  /** Losses of one's own, added to those of the recipe in every stage that has batches of their kinds. */
  readonly extraLosses?: readonly ExtraLoss[];
  /** Threads that prepare batches; 0: they are prepared in this thread. */
  readonly workers: number;
  /** Called with each log line. */
  readonly log: Log;
  /** Called after each step. */
  readonly onProgress?: (made: StepsMade) => void;
  /** Called with each entry of the stages' `log.jsonl`: averages over steps of training, and evaluations. */
  readonly onEntry?: (stage: string, entry: LogEntry) => void;
  /** Called while a data set is indexed, with its name and the number of samples so far. */
  readonly onIndexed?: (samples: number, source: string) => void;
  /** When aborted, training saves and stops after the current step. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the stages that are not finished yet.
 * @throws LockError if another process is training in the directory; ChangedRunError if the run's settings have changed
 */
export async function pretrain(options: PretrainOptions): Promise<Ending> {
  const {
    overfit,
    only,
    extraLosses = [],
    signal,
    backend,
    start = options.recipe.start,
  } = options;
  const processes = backend.communicator;
  const isWriter = isFirst(processes);
  const log: Log = isWriter ? options.log : () => undefined;
  const whole = await sizedRecipe({ ...options.recipe, start });
  const capped = overfit === undefined ? whole : cappedBatches(whole, overfit);
  requireStages(capped, only, extraLosses);
  requireNames(extraLosses);
  const directory =
    overfit === undefined ? options.directory : join(options.directory, `overfit-${overfit}`);
  await requireStart(capped, only);
  const unfinished = await unfinishedStage(capped, directory, only);
  if (unfinished) throw unfinished;
  const preparation = preparationFor({ log, signal, onProgress: options.onIndexed });
  for (const line of describeUnread(capped)) log(line);
  const runStages = async (): Promise<Ending> => {
    const recipe = withShards(capped, await startedShards(capped, directory), processes);
    await barrier(processes); // before the first process writes what others look for
    for (const stage of recipe.stages) {
      if (only && !only.includes(stage.name)) continue;
      const prepared = { ...options, log, preparation, recipe, directory };
      const ending = await runStage(stage, prepared).catch((error: unknown) => {
        if (processes || !signal?.aborted || error !== signal.reason) throw error;
        log(`Stopped before a step of stage "${stage.name}" was made.`);
        return "stopped";
      });
      if (ending === "stopped") return "stopped";
    }
    return "finished";
  };
  return withSharedFolder(processes, directory, runStages);
}

/** The number of shards with which the run in `directory` was started; undefined if it was not. */
async function startedShards({ stages }: Recipe, directory: string): Promise<number | undefined> {
  for (const { name } of stages) {
    const facts = await new RunDirectory(join(directory, name)).readFacts();
    if (facts) return facts.recipe.shards ?? 1;
  }
  return undefined;
}

/** The options of `pretrain`, with the run's own directory and the sizes of the model. */
interface RunOptions extends PretrainOptions {
  readonly preparation: Preparation;
  readonly recipe: SizedRecipe;
}

/** What a stage learns from, besides its recipe. */
interface StageInputs {
  readonly start: readonly StartWeights[];
  readonly vocabulary: Vocabulary;
  readonly sets: SampleSets;
}

async function runStage(stage: StageRecipe, options: RunOptions): Promise<Ending> {
  const { recipe, backend, directory, preparation, log } = options;
  const processes = backend.communicator;
  const run = new RunDirectory(join(directory, stage.name), isFirst(processes));
  const prepared = await inTurns(processes, async () => {
    const inputs: StageInputs = {
      start: await startWeights(stage, directory, recipe.start, log),
      vocabulary: await vocabularyOf(recipe),
      sets: await trainingSets(recipe.data, stage, preparation),
    };
    const provenance = await provenanceOf(stage, inputs, options);
    const isFinished = await checkRun(run, provenance, stage.steps, options);
    // Opened again with the stage; processes of one machine that index at once would replace each other's index.
    const opens = processes !== undefined && !isFinished;
    const held = opens ? await validationSets(recipe.data, stage, preparation) : undefined;
    const before = await run.readFacts(); // until the first process writes its own
    const keepsBest = !before || judgesAlike(before, provenance);
    return { inputs, provenance, keepsBest, isFinished, validation: held && digestsOf(held) };
  });
  const { inputs, provenance, keepsBest, isFinished, validation } = prepared;
  const { digests: data, ...others } = provenance;
  await requireSame(processes, {
    ...{ ...others, data },
    zero: options.zero ?? 0,
    validation,
    checkpoints: await run.checkpoints(),
  });
  if (!isFinished) {
    log(`Stage "${stage.name}": ${counted(stage.steps, "step")}, in ${run.path}`);
    const { start, vocabulary } = inputs;
    await requireSameVocabulary(start, vocabulary, recipe.config);
    if (run.isWriter)
      for (const line of await describeCutTexts(inputs.sets, recipe.data, vocabulary)) log(line);
    const { zero, extraLosses: extra = [] } = options;
    const opened = await openStage(stage, {
      ...{ backend, recipe, vocabulary, run, start, extra, preparation, zero },
    });
    try {
      const given = { ...inputs, provenance, keepsBest };
      const ending = await trainStage(opened, stage, given, run, options);
      if (ending === "stopped") return "stopped";
    } finally {
      await opened.dispose();
    }
    await barrier(processes); // what the first process has written may be what the next stage starts from
  }
  log(`Stage "${stage.name}" is finished: ${run.file("final")}`);
  if (options.overfit === undefined) await logLosses(run, log);
  else await logVerdict(run, stage, inputs.sets, options);
  return "finished";
}

/** Logs the last losses of a finished stage beside their baselines. */
async function logLosses(run: RunDirectory, log: Log): Promise<void> {
  const facts = await run.readFacts();
  if (facts)
    for (const line of lossLines({ ...facts, name: facts.stage, log: await readLog(run) }))
      log(line);
}

/** Logs whether the losses of a finished stage were memorized. */
async function logVerdict(
  run: RunDirectory,
  stage: StageRecipe,
  sets: SampleSets,
  { recipe, overfit, log }: RunOptions,
): Promise<void> {
  const { losses = {} } = (await run.readFacts()) ?? {};
  const mixture = mixtureOptions(recipe, stage, sizesOf(sets), overfit);
  const floorOf = (loss: string): number =>
    loss === "contrastive" ? contrastiveFloor(mixture) : 0;
  const entries = await readLog(run);
  for (const line of overfitVerdict({ name: stage.name, losses }, entries, floorOf)) log(line);
}

async function provenanceOf(
  { name }: StageRecipe,
  { start, vocabulary, sets }: StageInputs,
  { recipe: { config: _, ...recipe }, backend, overfit, extraLosses = [] }: RunOptions,
): Promise<Provenance> {
  return {
    version: packageVersion(),
    level: backend.level,
    recipe,
    stage: name,
    vocabulary: identityOfVocabulary(vocabulary),
    samples: samplesOf(sets),
    digests: digestsOf(sets),
    ...(overfit !== undefined && { overfit }),
    ...(extraLosses.length > 0 && { extraLosses: extraLosses.map((loss) => loss.name) }),
    start: await identitiesOf(start),
  };
}

interface TrainingInputs extends StageInputs {
  readonly provenance: Provenance;
  /** Whether later models can be compared with the best one so far. */
  readonly keepsBest: boolean;
}

/** Trains from the last checkpoint, or from the start. */
async function trainStage(
  opened: RecipeStage,
  stage: StageRecipe,
  { start, vocabulary, sets, provenance, keepsBest }: TrainingInputs,
  run: RunDirectory,
  options: RunOptions,
): Promise<Ending> {
  const { recipe, directory, workers, overfit, log, signal, onProgress, onEntry } = options;
  const done = (await run.checkpoints()).at(-1) ?? 0;
  if (done > 0) log(`Continuing after step ${done} of ${stage.steps}.`);
  if (stage.steps > done) await checkNeeds(opened, stage.steps - done, options);
  await opened.load(signal);
  const best = bestMeasure(opened, stage.best);
  log(describeBest(best));
  const resumed = await run.resume(opened.state);
  const progress = resumed && (keepsBest ? resumed : withoutBest(resumed, log));
  if (!progress) await opened.begin();
  const mixture = mixtureOptions(recipe, stage, sizesOf(sets), overfit);
  if (overfit !== undefined) log(overfitTask(overfit, mixture));
  if (run.isWriter) {
    const baselines =
      (progress && (await keptBaselines(run, provenance, opened))) ??
      (await opened.baselines({ sets, mixture }, overfit !== undefined));
    await run.writeFacts({ ...provenance, steps: opened.steps, ...baselines });
  }
  const { communicator: processes } = options.backend;
  const shards = shardsOf(recipe, processes);
  const loader = await Loader.open({
    planner: new ShardPlanner(new Mixture(mixture, progress?.cursor), shards),
    reader: "pretraining",
    options: { indexes: indexesOf(sets), vocabulary, batch: batchOptions(recipe, stage) },
    workers,
  });
  try {
    return await train(opened, {
      run,
      processes,
      loader: { next: () => nextShards(loader, shards) },
      progress,
      every: stage.every,
      best,
      evaluatesStart: start.some(({ parts }) => parts === undefined), // a whole model is continued
      report: { directory, title: `Pre-training "${recipe.name}"`, recipe },
      log,
      ...(onProgress && { onProgress }),
      ...(onEntry && { onEntry: (entry) => onEntry(stage.name, entry) }),
      ...(signal && { signal }),
    });
  } finally {
    await loader.close();
  }
}

/** The best model was chosen by other data, or by the same ones read in another way. */
function withoutBest({ best, ...progress }: Progress, log: Log): Progress {
  if (best)
    log(
      "The best model so far was evaluated in another way: the next one that is evaluated replaces it.",
    );
  return progress;
}

/** The baselines that a run was started with; undefined if they may no longer hold. */
async function keptBaselines(
  run: RunDirectory,
  provenance: Provenance,
  stage: RecipeStage,
): Promise<Baselines | undefined> {
  const facts = await run.readFacts();
  if (facts?.version !== provenance.version || differences(facts, provenance).length > 0) return;
  const { losses, accuracies } = facts;
  if (stage.losses.some((name) => !(name in losses))) return; // other validation data
  return { losses, ...(accuracies && { accuracies }) };
}

/**
 * Logs how much memory and time training needs.
 * @throws OutOfMemoryError if there is less memory
 */
async function checkNeeds(stage: RecipeStage, steps: number, options: RunOptions): Promise<void> {
  const { memory, flops, speed } = await estimateStage(stage, steps, options);
  requireEstimated(stage.name, memory);
  options.log(`Memory: ${describeMemory(memory)}.`);
  options.log(`Time: ${describeTime(steps, flops, speed)}.`);
}
