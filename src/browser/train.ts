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
import { type SampledTexts, type TextKind, describeLongerTexts } from "../train/longer-texts.js";
import { hasTrainedCodebook } from "../train/require-stages.js";
import type { SizedRecipe } from "../train/sized-recipe.js";
import { batchOptions, mixtureOptions } from "../train/stage-batches.js";
import { CodebookSteps } from "../train/stages/codebook-steps.js";
import { PretrainingSteps, predictsVisualTokens } from "../train/stages/pretraining-steps.js";
import { type Scalars, meansOf } from "../train/stages/stage.js";
import { type BackendOptions, openBrowserBackend } from "./backend.js";
import { Flava, type LoadedModel } from "./flava.js";
import { HeldOut } from "./held-out.js";
import { MemoryData, type TrainingData, type TrainingPair } from "./memory-data.js";
import type { OpenedBackend } from "./opened-backend.js";
import type { TrainingCheckpoint } from "./training-checkpoint.js";
import type { TrainingEntry } from "./training-entry.js";

/** A recipe without places of data. */
export type BrowserRecipe = Omit<RecipeInput, "data" | "start"> & {
  /** As in a recipe for `flava pretrain`, but nothing that says where data are on disk. */
  readonly data: Omit<RecipeInput["data"], "root">;
};

/** How a model is trained, what computes, and what is told meanwhile. */
export interface TrainOptions extends Abortable, BackendOptions {
  /** The text of a vocab.txt of word pieces. */
  readonly vocabulary: string;
  /** As for `flava pretrain`, docs/training.md; default: that of the quickstart. Batches have at most as many samples as there are. */
  readonly recipe?: BrowserRecipe;
  /** Pairs that are not trained on: losses on them are computed after every `every.evaluate` steps, and at the end of each stage. */
  readonly validation?: readonly TrainingPair[];
  /** Where to go on from; default: the beginning. */
  readonly checkpoint?: TrainingCheckpoint;
  /** Called first, with what computes. */
  readonly onBackend?: (backend: OpenedBackend) => void;
  /** Called before the first step, with a line for captions and one for other texts if some are longer than what is read of them. */
  readonly onNotice?: (line: string) => void;
  /** Called after every `every.log` steps of the recipe, with losses on held-out pairs, and at the end of each stage. */
  readonly onEntry?: (entry: TrainingEntry) => void;
  /** Called after every `every.save` steps, at the end of each stage, and when `signal` is aborted; training waits for it. */
  readonly onCheckpoint?: (checkpoint: TrainingCheckpoint) => Promise<void> | void;
}

/**
 * Trains a model by the programs and random numbers of `flava pretrain`. Matching is not calibrated. Where the page is not
 * cross-origin isolated, it keeps the thread busy: call it in a worker. From a checkpoint it goes on to the same weights, bit for bit.
 *
 * @returns the model, ready for use; its `files` can be downloaded and loaded in Node
 * @throws RecipeError if the recipe is not valid, there are too few data for it, all texts are the same, or the checkpoint is
 *   of another run
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
  const { vocabulary, recipe: input = quickstartSettings, validation, checkpoint } = options;
  const records = new MemoryData(data);
  requireDifferentTexts(data);
  const recipe = sized(input, records);
  const run = JSON.stringify([recipe, records.sizes]);
  if (checkpoint) requireSameRun(checkpoint, run);
  const heldOut = validation?.length ? new MemoryData({ pairs: validation }) : undefined;
  const tokenizer = new Tokenizer(parseVocabulary(vocabulary));
  for (const line of await cutTexts(recipe, records, tokenizer)) options.onNotice?.(line);
  const backend = await openBrowserBackend(options, options.signal);
  const session: Session = {
    ...{ ...options, recipe, records, run, heldOut, tokenizer, backend },
    weights: new Map(checkpoint?.weights),
  };
  try {
    options.onBackend?.({ name: backend.name, threads: backend.threads });
    let model: LoadedModel | undefined;
    const reached = recipe.stages.findIndex(({ name }) => name === checkpoint?.stage);
    for (const stage of recipe.stages.slice(Math.max(0, reached))) {
      model?.state.dispose();
      model = await runStage(stage, session);
    }
    if (!model) throw new RecipeError("The recipe trains no encoders: it needs a stage for them.");
    return new Flava(model);
  } catch (error) {
    session.backend.dispose();
    throw error;
  }
}

interface Session extends Pick<TrainOptions, "signal" | "onEntry" | "checkpoint" | "onCheckpoint"> {
  readonly recipe: SizedRecipe;
  readonly records: MemoryData;
  readonly heldOut: MemoryData | undefined;
  /** As in checkpoints. */
  readonly run: string;
  readonly tokenizer: Tokenizer;
  readonly backend: Backend;
  /** Weights of finished stages, by stage and path. */
  readonly weights: Map<string, ReadonlyMap<string, Values>>;
}

function requireDifferentTexts({ pairs }: TrainingData): void {
  const texts = new Set(pairs.flatMap((pair) => pair.texts));
  if (pairs.length < 2 || texts.size > 1) return;
  throw new RecipeError(
    `All ${pairs.length} images have the same text, "${[...texts][0] ?? ""}", so there is nothing to tell them apart by. ` +
      "Give them texts that say what is to be seen.",
  );
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

/** Which of the texts that the stages learn from are longer than what is read of them, in words. */
function cutTexts(
  recipe: SizedRecipe,
  { texts }: MemoryData,
  tokenizer: Tokenizer,
): Promise<string[]> {
  const drawn = (kind: TextKind): SampledTexts =>
    recipe.stages.some((stage) => stage.kind !== "codebook" && stage.shares[kind] > 0)
      ? texts[kind]
      : { samples: 0, every: () => [] };
  return describeLongerTexts({ pair: drawn("pair"), text: drawn("text") }, recipe.data, tokenizer);
}

type Steps = CodebookSteps | PretrainingSteps;

/** Makes the steps of a stage that are left; the model that it trained, unless that is a codebook. */
async function runStage(stage: StageRecipe, session: Session): Promise<LoadedModel | undefined> {
  const { recipe, records, tokenizer, signal, onEntry } = session;
  const start = session.checkpoint?.stage === stage.name ? session.checkpoint : undefined;
  const steps = await openSteps(stage, session);
  for (const [path, values] of start?.state ?? []) steps.state.write(path, values);
  const heldOut = await openHeldOut(stage, steps, session);
  const mixture = new Mixture(mixtureOptions(recipe, stage, records.sizes), start?.cursor);
  const batch = batchOptions(recipe, stage);
  const { every } = stage;
  let made: readonly Scalars[] = start?.made ?? [];
  for (let step = start?.step ?? 0; step < stage.steps;) {
    const next = await records.read(mixture.next(), tokenizer, batch);
    made = [...made, await steps.step([next], step++)];
    const isEnd = step === stage.steps;
    const place = { stage: stage.name, step, steps: stage.steps };
    if (step % every.log === 0 || isEnd) {
      onEntry?.({ kind: "training", ...place, scalars: meansOf(made) });
      made = [];
    }
    if (heldOut && (step % every.evaluate === 0 || isEnd)) {
      onEntry?.({ kind: "evaluation", ...place, scalars: await heldOut.evaluate() });
    }
    if (step % every.save === 0 || isEnd || signal?.aborted) {
      await save({ ...place, cursor: mixture.cursor, made }, steps, session);
    }
    signal?.throwIfAborted();
  }
  heldOut?.dispose();
  return finish(stage, steps, session);
}

/** The losses on held-out pairs, which a codebook does not have. */
async function openHeldOut(
  stage: StageRecipe,
  steps: Steps,
  { heldOut, recipe, tokenizer }: Session,
): Promise<HeldOut | undefined> {
  if (!heldOut || stage.kind === "codebook" || steps instanceof CodebookSteps) return undefined;
  return HeldOut.open(heldOut, stage, steps.state, recipe, tokenizer);
}

async function save(
  { stage, step, cursor, made }: Pick<TrainingCheckpoint, "stage" | "step" | "cursor" | "made">,
  { state }: Steps,
  { run, weights, onCheckpoint }: Session,
): Promise<void> {
  if (!onCheckpoint) return;
  await onCheckpoint({
    run,
    stage,
    step,
    cursor,
    made,
    state: await valuesIn(state),
    weights: new Map(weights),
  });
}

/** The steps of a stage, with its initial weights. */
async function openSteps(
  stage: StageRecipe,
  { backend, recipe, weights }: Session,
): Promise<Steps> {
  if (stage.kind === "codebook") {
    const steps = new CodebookSteps({ backend, recipe, stage });
    await steps.begin();
    return steps;
  }
  const steps = new PretrainingSteps({ backend, recipe, stage, extra: [] });
  await steps.initialize();
  for (const { stage: name, parts } of stage.from) {
    for (const [path, values] of weights.get(name)!) {
      const part = parts.find((part) => path.startsWith(`parameters/${part}/`));
      if (part === undefined || !steps.state.paths.includes(path)) continue;
      steps.state.write(path, values);
    }
  }
  if (!predictsVisualTokens(stage) || hasTrainedCodebook(stage, recipe)) return steps;
  throw new RecipeError(
    `Stage "${stage.name}" predicts visual tokens, but takes no trained codebook from an earlier stage.`,
  );
}

/** Keeps the weights of a finished stage for later ones. */
async function finish(
  stage: StageRecipe,
  steps: Steps,
  { recipe, tokenizer, backend, weights }: Session,
): Promise<LoadedModel | undefined> {
  if (steps instanceof CodebookSteps) {
    const averaged = await steps.averaged();
    weights.set(stage.name, await valuesIn(averaged, "parameters/"));
    averaged.dispose();
    steps.dispose();
    return undefined;
  }
  weights.set(stage.name, await valuesIn(steps.state, "parameters/"));
  steps.disposePrograms();
  const { config } = recipe;
  const state = steps.state as unknown as LoadedModel["state"];
  return { config, state, tokenizer, processor: fittedProcessor(config), backend };
}

/** Gradient sums start at zero in every step. */
const scratch = "accumulated/";

/** The values of a state below `prefix`, by path. */
async function valuesIn(state: State, prefix = ""): Promise<Map<string, Values>> {
  const found = new Map<string, Values>();
  for (const path of state.paths) {
    if (path.startsWith(prefix) && !path.startsWith(scratch)) {
      found.set(path, await state.read(path));
    }
  }
  return found;
}

/** @throws RecipeError if the checkpoint is of another run */
function requireSameRun(checkpoint: TrainingCheckpoint, run: string): void {
  if (checkpoint.run === run) return;
  throw new RecipeError(
    "The checkpoint belongs to another run. Go on with the recipe and the data that made it, or train anew without it.",
  );
}
