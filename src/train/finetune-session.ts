/** What the runs of all seeds of a fine-tuning share: the task, the settings, the samples. */
import { formatBytes } from "../backend/available-memory.js";
import type { Backend } from "../backend/backend.js";
import { packageVersion } from "../base/package-root.js";
import { join } from "node:path";
import { loadModel } from "../checkpoint/load-model.js";
import type { Model } from "../checkpoint/model.js";
import type { FinetuningRecipe } from "../configs/finetuning-recipe.js";
import type { ShardsOptions } from "../data/batch/shards.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import type { TaskSizes } from "../data/labeled/labeled-batch.js";
import type { LabeledReaderOptions } from "../data/labeled/labeled-reader.js";
import type { SampleColumns } from "../data/labeled/labeled-row.js";
import { identityOfLabels, identityOfSamples } from "../data/labeled/identity.js";
import { describeLabels, isKnown } from "../data/labeled/labels.js";
import { lossName, measureNames } from "../eval/task-measures.js";
import type { Task } from "../model/task.js";
import type { ZeroStage } from "../optim/zero.js";
import { isFirst } from "../parallel/agreement.js";
import type { StepsMade } from "./loop.js";
import { type ResolvedRecipe, resolveRecipe } from "./resolved-recipe.js";
import type { Provenance } from "./run/provenance.js";
import { RunDirectory } from "./run/run-directory.js";
import { requireSplit, shardCount, shardsOf } from "./run/shared-run.js";
import { blockSpeed, describeTime } from "./run/speed.js";
import { identitiesOf } from "./run/start.js";
import { type BestMeasure, bestMeasure } from "./stages/best-measure.js";
import { FinetuningStage } from "./stages/finetuning.js";
import type { Log } from "./stages/stage.js";
import { batchesOf, taskOf } from "./task-data.js";
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
  /**
   * The classes or answers, in the order of the head's outputs: with two classes, F1 is that of the second one. Default: those that
   * training samples have, in ascending order.
   */
  readonly labels?: readonly string[];
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

/** What all seeds share. */
export interface Session extends FinetuneOptions {
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

export const nameOf = (seed: number): string => `seed-${seed}`;

/** What to fine-tune, with the model to start from. */
type Given = FinetuneOptions & { readonly model: string };

export async function prepare(options: Given): Promise<Session> {
  const { recipe, backend, directory } = options;
  const { communicator: processes } = backend;
  const { state, ...source } = await loadModel(options.model, backend, {
    onWarning: options.log,
  });
  state.dispose();
  const { train, labels, columns = {} } = options;
  const task = taskOf(recipe, { train, labels }, columns, source.config);
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
  options.log(describeLabels(task.labels, samples));
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
  { recipe, model, backend, labels }: Given,
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
      data: {
        train: identityOfSamples(data.samples),
        validation: identityOfSamples(data.validation),
        ...(labels && { labels: identityOfLabels(labels) }),
      },
      stages: seeds.map((seed) => ({ name: nameOf(seed), seed, every, best, patience })),
    },
    vocabulary: identityOfVocabulary(tokenizer.vocabulary),
    samples: { train: data.samples.length, validation: data.validation.length },
    start: await identitiesOf([{ name: recipe.name, path: model }]),
  };
}

/** The stage of one seed; its state is not filled. */
export function stageOf(seed: number, session: Session): FinetuningStage {
  const { backend, resolved, source, task, largest, shards, zero = 0, log } = session;
  return new FinetuningStage({
    ...{ backend, name: nameOf(seed), recipe: resolved, seed, model: source, task, largest, log },
    ...{ train: session.train, validation: session.validation, shards, zero },
  });
}

/** Logs how much memory and time training needs; returns the bytes, and the seconds on an idle machine. */
export async function logNeeds(
  stage: FinetuningStage,
  steps: number,
  { backend, source, task, resolved, log }: Session,
): Promise<{ readonly bytes: number; readonly seconds: number }> {
  const { memory, flops } = stage.prepare();
  const bytes = memory.state + memory.step;
  log(`Memory: ${formatBytes(bytes)} for the state and the largest step.`);
  const sizes = source.config[task.encoder];
  const speed = await blockSpeed(backend, sizes, resolved.precision, steps * flops);
  log(`Time at most: ${describeTime(steps, flops, speed)}.`);
  return { bytes, seconds: (steps * flops) / speed.idle };
}
