/** A recipe, stage after stage: each in a directory of its own, each starting from what those before it have learnt. */
import { join } from "node:path";
import type { Backend } from "../backend/backend.js";
import type { State } from "../backend/state.js";
import { exists } from "../base/exists.js";
import { decoderName } from "../checkpoint/huggingface.js";
import { loadWeights } from "../checkpoint/load.js";
import { openCheckpoint } from "../checkpoint/open.js";
import { models } from "../configs/models.js";
import type { ShardDirectories } from "../data/batch/batch-reader.js";
import type { Batch } from "../data/batch/batch.js";
import { batchSpecs } from "../data/batch/batch-specs.js";
import { type BatchOptions, largestSizes } from "../data/batch/collate.js";
import { Loader } from "../data/batch/loader.js";
import {
  type BatchKind,
  type MixtureOptions,
  type SetSize,
  batchKinds,
  forKind,
} from "../data/batch/mixture.js";
import { sizesOfSets } from "../data/batch/sample-set.js";
import { fittedProcessor } from "../data/image/fitted-processor.js";
import type { TensorSpec } from "../graph/tensor.js";
import { CodebookStage } from "./stages/codebook.js";
import { directoriesOf } from "./run/directories.js";
import { fixedBatches } from "./stages/fixed-batches.js";
import { type Ending, runStage } from "./loop.js";
import { PretrainingStage } from "./stages/pretraining.js";
import type {
  CodebookStageRecipe,
  PretrainingStageRecipe,
  Recipe,
  StageRecipe,
} from "../configs/recipe.js";
import { writeReport } from "./run/report.js";
import { RunDirectory } from "./run/run-directory.js";
import { blockSpeed } from "./run/speed.js";
import type { Say, Stage } from "./stages/stage.js";
import { Validation } from "./stages/validation.js";

export interface PretrainOptions {
  readonly recipe: Recipe;
  /** Where the stages' directories are. */
  readonly directory: string;
  readonly backend: Backend;
  /** Only these stages; default: all. */
  readonly only?: readonly string[];
  /** A checkpoint that stages start from, before they take over what earlier stages have learnt; whatever fits is taken. */
  readonly start?: string;
  /** Train on this many samples of each set only, to see whether they can be learnt by heart. */
  readonly overfit?: number;
  /** Threads that make batches. */
  readonly workers: number;
  readonly say: Say;
  /** Asks to save and stop. */
  readonly signal?: AbortSignal;
}

/** Runs the stages that are not finished yet. */
export async function pretrain(options: PretrainOptions): Promise<Ending> {
  const { recipe, directory, only, say } = options;
  requireStages(recipe, only);
  for (const stage of recipe.stages) {
    if (only && !only.includes(stage.name)) continue;
    const run = new RunDirectory(join(directory, stage.name));
    if (await exists(run.file("final"))) {
      say(`Stage "${stage.name}" is finished: ${run.file("final")}`);
      continue;
    }
    say(`Stage "${stage.name}": ${stage.steps} steps, in ${run.path}`);
    if ((await new StageRun(options, stage, run).run()) === "stopped") return "stopped";
    say(`Stage "${stage.name}" is finished: ${run.file("final")}`);
  }
  return "finished";
}

function requireStages({ stages }: Recipe, only: readonly string[] = []): void {
  const names = stages.map(({ name }) => name);
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new Error(
    `The recipe has no stage ${unknown.join(", ")}. Its stages: ${names.join(", ")}.`,
  );
}

/** One stage of a recipe with its data. */
class StageRun {
  readonly #batch: BatchOptions;

  constructor(
    private readonly options: PretrainOptions,
    private readonly stage: StageRecipe,
    private readonly run_: RunDirectory,
  ) {
    const { model, data } = options.recipe;
    const { views, captions, passages, firstCaptionProbability } = data;
    this.#batch = {
      processor: fittedProcessor(models[model]),
      views,
      captions,
      firstCaptionProbability,
      texts: passages,
      hides: stage.kind === "codebook" || stage.masked,
    };
  }

  async run(): Promise<Ending> {
    const { options, stage, run_ } = this;
    const { backend, recipe, say, signal } = options;
    const mixture = mixtureOf(stage, recipe);
    const directories = await this.#trainingDirectories(mixture.shares);
    const sets = await this.#sets(directories);
    const opened = await this.#open(stage);
    await run_.writeFacts({ recipe, stage: stage.name, losses: opened.losses });
    try {
      return await runStage(opened, {
        run: run_,
        every: stage.every,
        speed: () => blockSpeed(backend, models[recipe.model].image, recipe.precision),
        say,
        ...(signal && { signal }),
        afterEvaluation: () =>
          writeReport(options.directory, `Pre-training "${recipe.name}"`, recipe),
        openLoader: (cursor) =>
          Loader.open({
            directories,
            batch: this.#batch,
            mixture: { ...mixture, sets },
            workers: options.workers,
            ...(cursor && { cursor }),
          }),
      });
    } finally {
      await opened.dispose();
    }
  }

  #open(stage: StageRecipe): Promise<Stage> {
    return stage.kind === "codebook" ? this.#openCodebook(stage) : this.#openPretraining(stage);
  }

  async #openCodebook(stage: CodebookStageRecipe): Promise<CodebookStage> {
    const { recipe, backend } = this.options;
    await this.run_.create();
    return new CodebookStage({
      backend,
      recipe,
      stage,
      validation: await fixedBatches({
        kind: "image",
        root: recipe.data.root,
        directories: await this.#validationPairs(),
        batch: this.#batch,
        size: stage.batch,
        count: 2,
        seed: 1,
      }),
      drawing: this.run_.file("reconstructions.png"),
    });
  }

  async #openPretraining(stage: PretrainingStageRecipe): Promise<PretrainingStage> {
    const { recipe, backend } = this.options;
    const validation = await this.#validationDirectories(stage);
    return PretrainingStage.open({
      backend,
      recipe,
      stage,
      largest: this.#largest(stage),
      decoder: await this.#decoder(stage),
      start: (state) => this.#start(stage, state),
      openValidation: (state, config) =>
        Validation.open({
          state,
          config,
          root: recipe.data.root,
          directories: validation,
          batch: this.#batch,
          batchSize: stage.batch,
          precision: recipe.precision,
          losses: stage.losses,
          mismatched: stage.mismatched,
        }),
    });
  }

  #largest({ shares, batch }: PretrainingStageRecipe): Batch<TensorSpec>[] {
    const kinds = batchKinds.filter((kind) => shares[kind] > 0);
    return kinds.map((kind) => batchSpecs(largestSizes(kind, batch[kind], this.#batch)));
  }

  /** Takes over what earlier stages have learnt, or a given checkpoint. */
  async #start({ from }: PretrainingStageRecipe, state: State): Promise<void> {
    const { directory, start, say } = this.options;
    const sources: { readonly path: string; readonly parts?: readonly string[] }[] = [
      ...(start === undefined ? [] : [{ path: start }]),
      ...from.map(({ stage, parts }) => ({ path: join(directory, stage, "final"), parts })),
    ];
    for (const { path, parts } of sources) {
      const { heads } = models[this.options.recipe.model].image;
      const checkpoint = await openCheckpoint(path, { heads });
      const { loaded } = await loadWeights(checkpoint, state, {
        strict: false,
        ...(parts && { parts }),
      });
      await checkpoint.close();
      if (loaded === 0) throw new Error(`${path} has no weights that this stage can start from.`);
      say(`Starting from ${path}: ${loaded} tensors${parts ? ` of ${parts.join(", ")}` : ""}.`);
    }
  }

  async #decoder({ from }: PretrainingStageRecipe): Promise<string | undefined> {
    const source = from.find(({ parts }) => parts.includes("codebook"));
    if (!source) return undefined;
    const path = join(this.options.directory, source.stage, "final", decoderName);
    return (await exists(path)) ? path : undefined;
  }

  async #trainingDirectories(shares: MixtureOptions["shares"]): Promise<ShardDirectories> {
    const { root, pairs, images, texts } = this.options.recipe.data;
    const of = (kind: BatchKind, patterns: readonly string[]): Promise<string[]> =>
      shares[kind] > 0 ? directoriesOf(root, patterns) : Promise.resolve([]);
    return {
      pair: await of("pair", pairs),
      image: await of("image", images),
      text: await of("text", texts),
    };
  }

  #validationPairs(): Promise<string[]> {
    const { root, validation } = this.options.recipe.data;
    return directoriesOf(root, validation.pairs);
  }

  async #validationDirectories({ shares }: PretrainingStageRecipe): Promise<ShardDirectories> {
    const { root, validation } = this.options.recipe.data;
    const pairs = await this.#validationPairs();
    return {
      pair: shares.pair > 0 ? pairs : [],
      image: shares.image > 0 ? pairs : [],
      text: shares.text > 0 ? await directoriesOf(root, validation.texts) : [],
    };
  }

  async #sets(directories: ShardDirectories): Promise<Record<BatchKind, SetSize[]>> {
    const { recipe, overfit = Infinity } = this.options;
    const of = async (kind: BatchKind): Promise<SetSize[]> =>
      (await sizesOfSets(recipe.data.root, directories[kind])).map(({ name, samples }) => ({
        name,
        samples: Math.min(samples, overfit),
      }));
    return { pair: await of("pair"), image: await of("image"), text: await of("text") };
  }
}

function mixtureOf(stage: StageRecipe, { seed, data }: Recipe): Omit<MixtureOptions, "sets"> {
  const { temperature } = data;
  if (stage.kind === "pretraining") {
    const { batch, shares, mismatched } = stage;
    return { seed, temperature, batch, shares, mismatched };
  }
  return {
    seed,
    temperature,
    batch: forKind("image", stage.batch, 0),
    shares: forKind("image", 1, 0),
    mismatched: 0,
  };
}
