/** Pre-training in a browser: the stages of a recipe, one after another, on data in memory. */
import type { Backend } from "../backend/backend.js";
import type { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import type { Abortable } from "../base/call-options.js";
import { quickstartSettings } from "../configs/quickstart-settings.js";
import { modelConfig } from "../configs/recipe-model.js";
import { type RecipeInput, type StageRecipe, RecipeError, checkRecipe } from "../configs/recipe.js";
import { Mixture, batchKinds, perKind } from "../data/batch/mixture.js";
import { fittedProcessor } from "../data/image/fitted-processor.js";
import { Tokenizer } from "../data/text/tokenizer.js";
import { parseVocabulary } from "../data/text/vocabulary.js";
import type { SizedRecipe } from "../train/sized-recipe.js";
import { batchOptions, mixtureOptions } from "../train/stage-batches.js";
import { CodebookSteps } from "../train/stages/codebook-steps.js";
import { PretrainingSteps, predictsVisualTokens } from "../train/stages/pretraining-steps.js";
import type { Scalars } from "../train/stages/stage.js";
import { type BackendOptions, openBrowserBackend } from "./backend.js";
import { Flava, type LoadedModel } from "./flava.js";
import { MemoryData, type TrainingData } from "./memory-data.js";
import type { TrainingEntry } from "./training-entry.js";

/** A recipe without places of data. */
export type BrowserRecipe = Omit<RecipeInput, "data" | "start"> & {
  readonly data: Omit<RecipeInput["data"], "root">;
};

export interface TrainOptions extends Abortable, BackendOptions {
  /** The text of a vocab.txt of word pieces. */
  readonly vocabulary: string;
  /** As for `flava pretrain`, docs/training.md; default: that of the quickstart. Batches have at most as many samples as there are. */
  readonly recipe?: BrowserRecipe;
  /** Called after every `every.log` steps of the recipe, and at the end of each stage. */
  readonly onEntry?: (entry: TrainingEntry) => void;
}

/**
 * Trains a model by the programs and random numbers of `flava pretrain`. There is no validation, and matching is not
 * calibrated. It keeps the thread busy: call it in a worker.
 *
 * @returns the model, ready for use; its `files` can be downloaded and loaded in Node
 * @throws RecipeError if the recipe is not valid, or there are too few data for it
 *
 * @example
 * import { decodeFile, train } from "flava/browser-training";
 *
 * declare const file: File; // of an <input type="file">
 * const pairs = [{ image: await decodeFile(file), texts: ["a red heart"] }]; // and more
 * const vocabulary = await (await fetch("/vocab.txt")).text();
 * const flava = await train({ pairs }, { vocabulary, onEntry: console.log });
 */
export async function train(data: TrainingData, options: TrainOptions): Promise<Flava> {
  const { vocabulary, recipe: input = quickstartSettings, signal, onEntry } = options;
  const records = new MemoryData(data);
  const recipe = sized(input, records);
  const tokenizer = new Tokenizer(parseVocabulary(vocabulary));
  const backend = await openBrowserBackend(options, signal);
  const session: Session = {
    ...{ recipe, records, tokenizer, backend, weights: new Map() },
    ...(signal && { signal }),
    ...(onEntry && { onEntry }),
  };
  try {
    let model: LoadedModel | undefined;
    for (const stage of recipe.stages) {
      model?.state.dispose();
      model = await runStage(stage, session);
    }
    if (!model) throw new RecipeError("The recipe trains no encoders: it needs a stage for them.");
    return new Flava(model);
  } catch (error) {
    backend.dispose();
    throw error;
  }
}

interface Session extends Pick<TrainOptions, "signal" | "onEntry"> {
  readonly recipe: SizedRecipe;
  readonly records: MemoryData;
  readonly tokenizer: Tokenizer;
  readonly backend: Backend;
  /** Weights of finished stages, by stage and path. */
  readonly weights: Map<string, ReadonlyMap<string, Values>>;
}

/** The recipe with all defaults, for the data that there are. */
function sized(input: BrowserRecipe, { sizes }: MemoryData): SizedRecipe {
  const recipe = checkRecipe({ ...input, data: { ...input.data, root: "" } }, input.name);
  if (recipe.model === undefined) throw new RecipeError("The recipe names no model.");
  const most = perKind((kind) => sizes[kind][0]!.samples);
  const stages = recipe.stages.map((stage): StageRecipe => {
    if (stage.kind === "codebook") return { ...stage, batch: Math.min(stage.batch, most.image) };
    const { shares, batch, microBatches } = stage;
    const lacking = batchKinds.find((kind) => shares[kind] > 0 && most[kind] < 2 * microBatches);
    if (lacking !== undefined) {
      throw new RecipeError(
        `Stage "${stage.name}" learns from ${lacking}s, of which there are ${most[lacking]}. Give more.`,
      );
    }
    const capped = perKind((kind) =>
      Math.min(batch[kind], Math.floor(most[kind] / microBatches) * microBatches),
    );
    return { ...stage, batch: capped };
  });
  return { ...recipe, stages, config: modelConfig(recipe.model) };
}

/** Makes all steps of a stage; the model that it trained, unless that is a codebook. */
async function runStage(stage: StageRecipe, session: Session): Promise<LoadedModel | undefined> {
  const { recipe, records, tokenizer, signal, onEntry } = session;
  const steps = await openSteps(stage, session);
  const mixture = new Mixture(mixtureOptions(recipe, stage, records.sizes));
  const batch = batchOptions(recipe, stage);
  let made: Scalars[] = [];
  for (let step = 0; step < stage.steps; step++) {
    signal?.throwIfAborted();
    const next = await records.read(mixture.next(), tokenizer, batch);
    made.push(await steps.step([next], step));
    if ((step + 1) % stage.every.log !== 0 && step + 1 < stage.steps) continue;
    onEntry?.({ stage: stage.name, step: step + 1, steps: stage.steps, scalars: meansOf(made) });
    made = [];
  }
  return finish(stage, steps, session);
}

/** The steps of a stage, with its initial weights. */
async function openSteps(
  stage: StageRecipe,
  { backend, recipe, weights }: Session,
): Promise<CodebookSteps | PretrainingSteps> {
  if (stage.kind === "codebook") {
    const steps = new CodebookSteps({ backend, recipe, stage });
    await steps.begin();
    return steps;
  }
  const steps = new PretrainingSteps({ backend, recipe, stage, extra: [] });
  await steps.initialize();
  let hasCodebook = false;
  for (const { stage: name, parts } of stage.from) {
    for (const [path, values] of weights.get(name)!) {
      const part = parts.find((part) => path.startsWith(`parameters/${part}/`));
      if (part === undefined || !steps.state.paths.includes(path)) continue;
      steps.state.write(path, values);
      hasCodebook ||= part === "codebook";
    }
  }
  if (hasCodebook || !predictsVisualTokens(stage)) return steps;
  throw new RecipeError(
    `Stage "${stage.name}" predicts visual tokens, but takes no codebook from an earlier stage.`,
  );
}

/** Keeps the weights of a finished stage for later ones. */
async function finish(
  stage: StageRecipe,
  steps: CodebookSteps | PretrainingSteps,
  { recipe, tokenizer, backend, weights }: Session,
): Promise<LoadedModel | undefined> {
  if (steps instanceof CodebookSteps) {
    const averaged = await steps.averaged();
    weights.set(stage.name, await weightsIn(averaged));
    averaged.dispose();
    steps.dispose();
    return undefined;
  }
  weights.set(stage.name, await weightsIn(steps.state));
  steps.disposePrograms();
  const { config } = recipe;
  const state = steps.state as unknown as LoadedModel["state"];
  return { config, state, tokenizer, processor: fittedProcessor(config), backend };
}

async function weightsIn(state: State): Promise<Map<string, Values>> {
  const found = new Map<string, Values>();
  for (const path of state.paths.filter((path) => path.startsWith("parameters/"))) {
    found.set(path, await state.read(path));
  }
  return found;
}

/** The mean of each scalar over the steps that report it. */
function meansOf(steps: readonly Scalars[]): Scalars {
  const names = new Set(steps.flatMap((scalars) => Object.keys(scalars)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = steps.flatMap((scalars) => scalars[name] ?? []);
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}
