/** Recipes of training runs: model, data and consecutive stages. Plain JSON, checked in full before a run starts. */
import { z } from "zod";
import { scheduleFaults } from "../optim/schedule.js";
import { suggestion } from "../base/suggestion.js";
import { dataSet } from "./data-set.js";
import { describeFault } from "./recipe-fault.js";
import { type ModelName, models } from "./models.js";

const share = z.number().min(0).max(1);
const count = z.int().positive();
const positive = z.number().positive();

const textOptions = z.strictObject({
  /** Ascending lengths in tokens that texts are padded to; longer texts are truncated to the last one. */
  lengths: z.array(count).nonempty(),
  /** Fraction of tokens to predict; 0.15 in the paper. */
  masked: share.default(0.15),
  unit: z.enum(["piece", "word"]),
});

const data = z.strictObject({
  /** The paths below are relative to this directory. */
  root: z.string(),
  /** A vocab.txt of word pieces for all texts; default: BERT's uncased vocabulary, which comes with the package. */
  vocabulary: z.string().optional(),
  /** Data sets with images and captions. */
  pairs: z.array(dataSet).default([]),
  /** With images; their texts are ignored. */
  images: z.array(dataSet).default([]),
  /** With texts. */
  texts: z.array(dataSet).default([]),
  /** Held out from training. */
  validation: z
    .strictObject({
      pairs: z.array(dataSet).default([]),
      texts: z.array(dataSet).default([]),
    })
    .prefault({}),
  captions: textOptions.prefault({ lengths: [16, 32, 77], unit: "word" }),
  /** Probability of using a pair's first caption, the simplest; otherwise one is drawn from all its captions. */
  firstCaptionProbability: share.default(0),
  passages: textOptions.prefault({ lengths: [512], unit: "piece" }),
  /** How images are cropped and augmented (flava.md 4.3). */
  views: z
    .strictObject({
      scale: z.tuple([positive, positive]).default([0.9, 1]),
      ratio: z.tuple([positive, positive]).default([3 / 4, 4 / 3]),
      flip: share.default(0),
      jitter: share.default(0),
    })
    .prefault({}),
  /** Data sets are drawn in proportion to samples^(1 / temperature). */
  temperature: z.number().min(1).default(1),
});

const perKind = (
  one: z.ZodType<number>,
): z.ZodObject<Record<"pair" | "image" | "text", typeof one>> =>
  z.strictObject({ pair: one, image: one, text: one });

const every = z
  .strictObject({
    /** Steps between log lines. */
    log: count.default(10),
    evaluate: count.default(500),
    save: count.default(250),
  })
  .prefault({});

/** The validation measure by which `best/` is chosen, such as "zero-shot top-1"; default: the most telling one. */
const best = z.string().optional();

const rate = z.strictObject({
  peak: positive,
  warmup: z.int().nonnegative().default(0),
  floor: z.number().nonnegative().default(0),
  /** Steps of linear decay after a plateau at the peak; without it, half-cosine decay after the warm-up. */
  decay: count.optional(),
});

const optimizer = z
  .strictObject({
    beta1: share.default(0.9),
    beta2: share.default(0.999),
    epsilon: positive.default(1e-8),
    weightDecay: z.number().nonnegative().default(0.1),
    /** Maximum gradient norm. */
    clip: positive.default(1),
  })
  .prefault({});

const schedule = z.strictObject({ from: z.number(), to: z.number(), over: count });

/** Stages are addressed by name; the name is also the stage's directory in a run. */
const stageName = z
  .string()
  .regex(
    /^[a-zA-Z][\w-]*$/,
    "expected a name of letters, digits, - and _ that starts with a letter",
  );

const codebookStage = z.strictObject({
  kind: z.literal("codebook"),
  name: stageName.default("codebook"),
  steps: count,
  batch: count,
  rate,
  optimizer,
  temperature: schedule,
  divergence: schedule.prefault({ from: 0, to: 0, over: 1 }),
  /** Weight of the entropy of a batch's codes, in the units of the divergence. */
  usage: z.number().nonnegative().default(0),
  /** Fixed scale b of the logit-Laplace density; learned if omitted, as in DALL-E. */
  scale: positive.optional(),
  averaging: share.default(0.999),
  best,
  every,
});

const lossWeight = z.number().nonnegative().default(1);

const pretrainingStage = z.strictObject({
  kind: z.literal("pretraining"),
  name: stageName,
  steps: count,
  batch: perKind(z.int().positive()),
  /** Micro-batches per optimizer step, to save memory; must divide the batch sizes. */
  microBatches: count.default(1),
  /** Fraction of steps on each kind of data; 0.70, 0.15 and 0.15 in the paper. */
  shares: perKind(share).prefault({ pair: 0.7, image: 0.15, text: 0.15 }),
  /** Fraction of pairs that get the text of another record. */
  mismatched: share.default(0.1),
  /** Whether to mask patches and words. Matching is learned faster without masks, but the masked losses need them. */
  masked: z.boolean().default(true),
  losses: z
    .strictObject({
      mim: lossWeight,
      mlm: lossWeight,
      contrastive: lossWeight,
      itm: lossWeight,
      mmmImage: lossWeight,
      mmmText: lossWeight,
    })
    .prefault({}),
  rate,
  optimizer,
  recompute: z.boolean().default(false),
  /** Frozen parts of the weights, such as "flava/image". The codebook is always frozen. */
  frozen: z.array(z.string()).default([]),
  /** Initial weights: earlier stages, each with the parts to take from it. */
  from: z.array(z.strictObject({ stage: z.string(), parts: z.array(z.string()) })).default([]),
  best,
  every,
});

const lossesOfMasks = ["mim", "mlm", "mmmImage", "mmmText"] as const;

/** Batches of every kind in use must split into equal micro-batches; the masked losses need masks. */
const possibleStage = pretrainingStage.superRefine((stage, context) => {
  const { batch, shares, microBatches, masked, losses } = stage;
  for (const loss of masked ? [] : lossesOfMasks) {
    if (losses[loss] === 0) continue;
    const message = `nothing is masked in this stage; set the weight to 0, or "masked" to true`;
    context.addIssue({ code: "custom", path: ["losses", loss], message });
  }
  for (const kind of ["pair", "image", "text"] as const) {
    if (shares[kind] === 0 || batch[kind] % microBatches === 0) continue;
    const message = `${batch[kind]} samples cannot be split into ${microBatches} equal micro-batches; choose a multiple of ${microBatches}`;
    context.addIssue({ code: "custom", path: ["batch", kind], message });
  }
});

/** A stage's schedules must fit into its steps. */
function checkSchedules(
  stage: z.output<typeof codebookStage> | z.output<typeof pretrainingStage>,
  context: z.RefinementCtx,
): void {
  const { steps, rate } = stage;
  const { decay, ...others } = rate;
  const whole = { ...others, total: steps, ...(decay !== undefined && { decay }) };
  for (const { part, message } of scheduleFaults(whole)) {
    const hint = part === "floor" ? "" : `; shorter stages need this setting changed, too`;
    context.addIssue({ code: "custom", path: ["rate", part], message: message + hint });
  }
  if (stage.kind !== "codebook") return;
  for (const name of ["temperature", "divergence"] as const) {
    const { over } = stage[name];
    if (over <= steps) continue;
    const message = `expected at most the ${steps} steps of the stage, but got ${over}; shorter stages need this setting changed, too`;
    context.addIssue({ code: "custom", path: [name, "over"], message });
  }
}

/** Names must be unique, and initial weights come from earlier stages. */
function checkNames(
  stages: readonly {
    readonly name: string;
    readonly from?: readonly { readonly stage: string }[];
  }[],
  context: z.RefinementCtx,
): void {
  for (const [index, { name, from = [] }] of stages.entries()) {
    const earlier = stages.slice(0, index).map((stage) => stage.name);
    if (earlier.includes(name)) {
      const message = `"${name}" is the name of an earlier stage; names must be unique`;
      context.addIssue({ code: "custom", path: [index, "name"], message });
    }
    for (const [place, { stage }] of from.entries()) {
      if (earlier.includes(stage)) continue;
      const message = `there is no stage "${stage}" before this one.${suggestion(stage, earlier)}`;
      context.addIssue({ code: "custom", path: [index, "from", place, "stage"], message });
    }
  }
}

const modelNames = Object.keys(models) as [ModelName, ...ModelName[]];

const recipe = z.strictObject({
  name: z.string(),
  model: z.enum(modelNames),
  seed: z.int().nonnegative().default(0),
  /** Std of initial weights, as a multiple of the paper's 0.02; sqrt(768 / width) keeps the signal of narrow models. */
  initialScale: positive.default(1),
  precision: z.enum(["float32", "bfloat16"]).default("bfloat16"),
  data,
  stages: z
    .array(z.discriminatedUnion("kind", [codebookStage, possibleStage]).superRefine(checkSchedules))
    .nonempty()
    .superRefine(checkNames),
});

/** A recipe as written: settings with defaults may be omitted. */
export type RecipeInput = z.input<typeof recipe>;
/** A recipe with all defaults filled in. */
export type Recipe = z.output<typeof recipe>;
export type StageRecipe = Recipe["stages"][number];
export type CodebookStageRecipe = z.output<typeof codebookStage>;
export type PretrainingStageRecipe = z.output<typeof pretrainingStage>;

/** Invalid recipe; the message lists every error. */
export class RecipeError extends Error {
  override readonly name = "RecipeError";
}

/** Checks a recipe and fills in defaults. Error messages name `origin`. */
export function checkRecipe(input: unknown, origin: string): Recipe {
  const checked = recipe.safeParse(input);
  if (checked.success) return checked.data;
  const lines = checked.error.issues.map((issue) => `  ${describeFault(recipe, input, issue)}`);
  throw new RecipeError(`Invalid recipe: ${origin}\n${lines.join("\n")}`);
}
