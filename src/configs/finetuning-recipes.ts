/**
 * The recipes of fine-tuning that ship. Those of GLUE are fairseq's for RoBERTa, which the paper follows; those of pairs of
 * images and texts are the paper's (flava.md 5.3); "text", "image" and "multimodal" are for data of one's own.
 */
import { taskHeadHidden } from "../model/task-head.js";
import type { FinetuningRecipeInput } from "./finetuning-recipe.js";

interface GlueSettings {
  readonly peak: number;
  readonly batch: number;
  readonly steps: number;
  readonly warmup: number;
  readonly target?: "class" | "value";
  readonly best?: string;
}

/** The width of the paper's model, which these learning rates are for. */
const forWidth = 768;
/** Most epochs of GLUE's tasks; their numbers of steps are as many, but smaller data sets get fewer steps. */
const epochs = 10;

function glue(
  name: string,
  { peak, batch, steps, warmup, ...more }: GlueSettings,
): FinetuningRecipeInput {
  return { name, encoder: "text", batch, steps, epochs, rate: { peak, warmup, forWidth }, ...more };
}

/** AdamW's usual moments: the paper names only the weight decay. */
const pairOptimizer = { beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

function pairs(
  name: string,
  { peak, steps, ...more }: Partial<FinetuningRecipeInput> & { peak: number; steps: number },
): FinetuningRecipeInput {
  return {
    name,
    encoder: "multimodal",
    hidden: taskHeadHidden,
    batch: 256,
    steps,
    rate: { peak, warmup: 2000, decay: "cosine", forWidth },
    optimizer: pairOptimizer,
    recompute: true,
    ...more,
  };
}

const known = {
  mnli: glue("mnli", { peak: 1e-5, batch: 32, steps: 123_873, warmup: 7432 }),
  qnli: glue("qnli", { peak: 1e-5, batch: 32, steps: 33_112, warmup: 1986 }),
  qqp: glue("qqp", { peak: 1e-5, batch: 32, steps: 113_272, warmup: 28_318 }),
  rte: glue("rte", { peak: 2e-5, batch: 16, steps: 2036, warmup: 122 }),
  "sst-2": glue("sst-2", { peak: 1e-5, batch: 32, steps: 20_935, warmup: 1256 }),
  mrpc: glue("mrpc", { peak: 1e-5, batch: 16, steps: 2296, warmup: 137 }),
  cola: glue("cola", { peak: 1e-5, batch: 16, steps: 5336, warmup: 320 }),
  "sts-b": glue("sts-b", {
    ...{ peak: 2e-5, batch: 16, steps: 3598, warmup: 214 },
    ...{ target: "value", best: "loss" },
  }),
  vqav2: pairs("vqav2", {
    ...{ peak: 1e-4, steps: 44_000, imageSize: 480 },
    ...{ target: "scores", leastSamples: 9 },
  }),
  "snli-ve": pairs("snli-ve", { peak: 1e-5, steps: 24_000 }),
  // 722 epochs: the best model on validation data is kept, and training may end early.
  "hateful-memes": pairs("hateful-memes", {
    peak: 1e-5,
    steps: 24_000,
    best: "AUROC",
    patience: 5,
  }),
  text: {
    name: "text",
    encoder: "text",
    batch: 32,
    epochs: 5,
    rate: { peak: 2e-5, forWidth },
    patience: 5,
  },
  image: {
    name: "image",
    encoder: "image",
    batch: 32,
    epochs: 10,
    rate: { peak: 3e-5, decay: "cosine", forWidth },
    optimizer: { beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 },
    views: { scale: [0.5, 1], flip: 0.5 },
    patience: 5,
  },
  multimodal: {
    name: "multimodal",
    encoder: "multimodal",
    hidden: taskHeadHidden,
    batch: 32,
    epochs: 10,
    rate: { peak: 2e-5, decay: "cosine", forWidth },
    optimizer: pairOptimizer,
    patience: 5,
  },
  // As long as a whole suite of small tasks may take on two cores.
  "mini-text": {
    name: "mini-text",
    encoder: "text",
    batch: 32,
    steps: 800,
    epochs: 5,
    lengths: [16, 32, 64, 128],
    rate: { peak: 2e-5, forWidth },
    every: { evaluate: 200 },
  },
  "mini-multimodal": {
    name: "mini-multimodal",
    encoder: "multimodal",
    hidden: taskHeadHidden,
    batch: 32,
    steps: 1000,
    epochs: 10,
    lengths: [16, 32, 64],
    rate: { peak: 2e-5, decay: "cosine", forWidth },
    optimizer: pairOptimizer,
    every: { evaluate: 250 },
  },
} as const satisfies Record<string, FinetuningRecipeInput>;

/**
 * The name of a recipe that ships.
 * @useDeclaredType
 */
export type FinetuningRecipeName = keyof typeof known;

/**
 * Recipes for `finetune` by name: "text", "image" and "multimodal" for data of your own, and those of the paper's tasks,
 * such as "sst-2" and "vqav2" (flava.md 5.3). `checkFinetuningRecipe` fills in the defaults.
 */
export const finetuningRecipes: Readonly<Record<FinetuningRecipeName, FinetuningRecipeInput>> =
  known;

/** The recipe of that name; undefined if there is none. */
export const finetuningRecipeNamed = (name: string): FinetuningRecipeInput | undefined =>
  Object.hasOwn(known, name) ? finetuningRecipes[name as FinetuningRecipeName] : undefined;
