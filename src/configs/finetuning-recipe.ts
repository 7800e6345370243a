/** Recipes of fine-tuning (flava.md 5.3 and 8.3). Plain JSON, checked in full before a run starts. */
import { counted } from "../base/counted.js";
import { z } from "zod";
import { taskEncoders } from "../model/task.js";
import { textLengths, views } from "./recipe-data.js";
import { describeFault } from "./recipe-fault.js";
import { RecipeError } from "./recipe.js";

const share = z.number().min(0).max(1);
const count = z.int().positive();
const positive = z.number().positive();

const rate = z.strictObject({
  peak: positive,
  /** The width that the peak is meant for: models of another width get peak · (forWidth / width)². Default: any width. */
  forWidth: count.optional(),
  /** Steps of the linear rise to the peak; below 1, a share of all steps. */
  warmup: z.number().nonnegative().default(0.06),
  floor: z.number().nonnegative().default(0),
  decay: z.enum(["linear", "cosine"]).default("linear"),
  /** Multiplies the rate once for each layer further below the head; 1: one rate for all layers. */
  perLayer: positive.max(1).default(1),
});

const optimizer = z
  .strictObject({
    beta1: share.default(0.9),
    beta2: share.default(0.98),
    epsilon: positive.default(1e-6),
    weightDecay: z.number().nonnegative().default(0.1),
    /** Maximum gradient norm; default: gradients are not clipped. */
    clip: positive.optional(),
  })
  .prefault({});

const rule = z.strictObject({
  frozen: z.boolean().optional(),
  weightDecay: z.number().nonnegative().optional(),
  /** Factor of the learning rate. */
  rateFactor: z.number().nonnegative().optional(),
});

const recipe = z.strictObject({
  name: z.string(),
  /** Each gives a run of its own. */
  seeds: z.array(z.int().nonnegative()).nonempty().default([0]),
  precision: z.enum(["float32", "bfloat16"]).default("bfloat16"),
  /** The encoder whose class token the head reads. */
  encoder: z.enum(taskEncoders),
  target: z.enum(["class", "scores", "value"]).default("class"),
  /** Hidden width of a head of two layers; without it, the head is one linear layer. */
  hidden: count.optional(),
  /** Side of images in pixels, a multiple of the patch; default: the model's. Positions are interpolated. */
  imageSize: count.optional(),
  /** Random crops and flips of images in training; default: the whole image, as in prediction. */
  views: views.optional(),
  /** Ascending lengths in tokens that texts are padded to; longer texts are truncated to the last one. */
  lengths: textLengths.default([16, 32, 64, 128, 256, 512]),
  /** Answers with scores: those that are the best answer of fewer samples are not learned. */
  leastSamples: count.default(1),
  /** Fraction of the samples held out, chosen by key, if no validation data are given. */
  validation: share.default(0.1),
  /** Training ends after this many steps or epochs, whichever is less. */
  steps: count.optional(),
  epochs: positive.optional(),
  batch: count,
  /** Micro-batches per optimizer step, to save memory; must divide the batch. */
  microBatches: count.default(1),
  /**
   * Equal parts of each batch that processes share: the same number gives the same weights on any number of processes. Default:
   * the number of processes that start the run.
   */
  shards: count.optional(),
  /** What the gradients of shards, and their sums, are rounded to: bfloat16 halves the bytes that processes exchange. Default: float32. */
  gradientSums: z.enum(["float32", "bfloat16"]).optional(),
  rate,
  optimizer,
  recompute: z.boolean().default(false),
  /** Frozen parts of the weights, such as "flava/text". */
  frozen: z.array(z.string()).default([]),
  /** Rules for weights by a regular expression of their path; the first that matches applies. */
  rules: z.array(z.tuple([z.string(), rule])).default([]),
  /** Measure by which the best model is chosen; default: the task's first. */
  best: z.string().optional(),
  /** Stops after this many evaluations without a better value of that measure. */
  patience: count.optional(),
  every: z
    .strictObject({
      log: count.default(10),
      /** Default: once an epoch, but at least ten times. */
      evaluate: count.optional(),
      save: count.default(500),
    })
    .prefault({}),
});

const possible = recipe.superRefine((all, context) => {
  const fault = (path: string[], message: string): void =>
    context.addIssue({ code: "custom", path, message });
  const { batch, microBatches, steps, epochs } = all;
  if (batch % microBatches !== 0) {
    const multiple = `choose a multiple of ${microBatches}`;
    fault(
      ["batch"],
      `${counted(batch, "sample")} cannot be split into ${microBatches} equal parts; ${multiple}`,
    );
  }
  if (steps === undefined && epochs === undefined) {
    fault(["steps"], "expected a number of steps, or of epochs");
  }
});

/**
 * A recipe as written: settings with defaults may be omitted.
 * @useDeclaredType
 */
export type FinetuningRecipeInput = z.input<typeof recipe>;
/**
 * A recipe with all defaults filled in.
 * @useDeclaredType
 */
export type FinetuningRecipe = z.output<typeof recipe>;

/**
 * Checks a recipe, as it is written in JSON, and fills in defaults.
 *
 * @param input such as `{ ...finetuningRecipes.text, seeds: [0, 1, 2] }`
 * @param origin names the recipe in messages, such as the path of its file
 * @throws RecipeError if it is invalid; the message lists every error
 */
export function checkFinetuningRecipe(input: unknown, origin: string): FinetuningRecipe {
  const checked = possible.safeParse(input);
  if (checked.success) return checked.data;
  const lines = checked.error.issues.map((issue) => `  ${describeFault(recipe, input, issue)}`);
  throw new RecipeError(`Invalid recipe: ${origin}\n${lines.join("\n")}`);
}
