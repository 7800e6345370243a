/** The stages of a recipe, with every setting described for `docs/training.md` and for editors. */
import { counted } from "../base/counted.js";
import { z } from "zod";
import { scheduleFaults } from "../optim/schedule.js";

const share = z.number().min(0).max(1);
const count = z.int().positive();
const positive = z.number().positive();

const perKind = <T extends z.ZodType<number>>(
  one: T,
): z.ZodObject<Record<"pair" | "image" | "text", T>> =>
  z.strictObject({
    pair: one.meta({ description: "For images with captions." }),
    image: one.meta({ description: "For images alone." }),
    text: one.meta({ description: "For texts alone." }),
  });

const every = z
  .strictObject({
    log: count.default(10).meta({ description: "Steps between log lines." }),
    evaluate: count
      .default(500)
      .meta({ description: "Steps between evaluations on validation data.", paper: "8,000" }),
    save: count.default(250).meta({ description: "Steps between checkpoints." }),
  })
  .prefault({})
  .meta({ description: "Intervals. They do not change the weights." });

const best = z.string().optional().meta({
  description:
    'The validation measure by which `best/` is chosen, such as "zero-shot top-1" or "mlm"; default: the one that tells most.',
  paper: "zero-shot accuracy on ImageNet",
});

const rate = z
  .strictObject({
    peak: positive.meta({ description: "Highest learning rate.", paper: "1e-3; codebook 1e-4" }),
    warmup: z
      .int()
      .nonnegative()
      .default(0)
      .meta({ description: "Steps of the linear rise to the peak.", paper: "10,000" }),
    floor: z
      .number()
      .nonnegative()
      .default(0)
      .meta({ description: "Last learning rate.", paper: "not stated; codebook 1.25e-6" }),
    decay: count.optional().meta({
      description:
        "Steps of linear decay at the end, after a plateau at the peak; without it, half a cosine from the warm-up on.",
      paper: "cosine",
    }),
  })
  .meta({ description: "The learning rate." });

const optimizer = z
  .strictObject({
    beta1: share.default(0.9).meta({ description: "Decay of the mean gradient.", paper: "0.9" }),
    beta2: share.default(0.999).meta({
      description: "Decay of the mean squared gradient.",
      paper: "0.999; text encoder 0.98",
    }),
    epsilon: positive
      .default(1e-8)
      .meta({ description: "Added to the root of the mean squared gradient." }),
    weightDecay: z.number().nonnegative().default(0.1).meta({
      description: "Decoupled weight decay, of all weights.",
      paper: "0.1; codebook 1e-4",
    }),
    clip: positive
      .default(1)
      .meta({ description: "Norm that the gradient of all weights is clipped to." }),
  })
  .prefault({})
  .meta({ description: "AdamW." });

const schedule = z.strictObject({
  from: z.number().meta({ description: "First value." }),
  to: z.number().meta({ description: "Last value." }),
  over: count.meta({ description: "Steps from the first to the last value, along half a cosine." }),
});

const stageName = z
  .string()
  .regex(
    /^[a-zA-Z][\w-]*$/,
    "expected a name of letters, digits, - and _ that starts with a letter",
  );

const steps = count.meta({
  description: "Optimizer steps.",
  paper: "150,000 on pairs; text encoder 125,000",
});

const codebookStage = z.strictObject({
  kind: z.literal("codebook").meta({ description: "Trains the image codebook, a discrete VAE." }),
  name: stageName
    .default("codebook")
    .meta({ description: "The name, also of the stage's directory in a run." }),
  steps: count.meta({ description: "Optimizer steps.", paper: "DALL-E: 3,000,000" }),
  batch: count.meta({ description: "Images of a step.", paper: "DALL-E: 512" }),
  rate,
  optimizer,
  temperature: schedule.meta({
    description: "Temperature of the relaxed codes.",
    paper: "DALL-E: 1 to 1/16 over 150,000 steps",
  }),
  divergence: schedule.prefault({ from: 0, to: 0, over: 1 }).meta({
    description: "Weight of the divergence of each cell's codes from equally frequent ones.",
    paper: "DALL-E: 0 to 6.6 over 5,000 steps",
  }),
  usage: z.number().nonnegative().default(0).meta({
    description: "Weight of the entropy of a batch's codes, in the units of the divergence.",
    paper: "none",
  }),
  scale: positive.optional().meta({
    description: "Fixed scale of the logit-Laplace density of a pixel; learned if omitted.",
    paper: "learned",
  }),
  averaging: share.default(0.999).meta({
    description: "Decay of the moving average of the weights, which is what is written.",
    paper: "DALL-E: 0.999",
  }),
  best,
  every,
});

const lossWeight = z.number().nonnegative().default(1);

const pretrainingStage = z.strictObject({
  kind: z
    .literal("pretraining")
    .meta({ description: "Trains encoders and heads with any of the six losses." }),
  name: stageName.meta({ description: "The name, also of the stage's directory in a run." }),
  steps,
  batch: perKind(count).meta({
    description: "Samples of a step, by the kind of data that it draws.",
    paper: "8,192; text encoder 2,048",
  }),
  microBatches: count.default(1).meta({
    description:
      "Equal parts that a batch, or a shard of it, is computed in, to save memory; must divide it.",
  }),
  gather: z.enum(["global", "local", "none"]).default("global").meta({
    description:
      "Which embeddings that pairs are compared with have gradients: all, those of the same part of the batch, or none.",
    paper: "global",
  }),
  shares: perKind(share).prefault({ pair: 0.7, image: 0.15, text: 0.15 }).meta({
    description: "Fraction of steps on each kind of data, of the sum of the three.",
    paper: "0.70, 0.15, 0.15",
  }),
  mismatched: z.number().min(0).lt(1).default(0.1).meta({
    description: "Fraction of pairs that get the text of another sample, for matching.",
    paper: "not stated",
  }),
  candidates: count.default(1).meta({
    description:
      "Samples that the text of a mismatched pair is chosen among: the one with most words in common with the right text, which is hardest to tell from it.",
    paper: "1",
  }),
  masked: z.boolean().default(true).meta({
    description:
      "Whether to mask patches and words. Matching is learned faster without masks, but the masked losses need them.",
    paper: "true",
  }),
  losses: z
    .strictObject({
      mim: lossWeight.meta({ description: "Masked image modeling, on images.", paper: "1" }),
      mlm: lossWeight.meta({ description: "Masked language modeling, on texts.", paper: "1" }),
      contrastive: lossWeight.meta({ description: "Contrastive loss, on pairs.", paper: "1" }),
      itm: lossWeight.meta({ description: "Image-text matching, on pairs.", paper: "1" }),
      mmmImage: lossWeight.meta({
        description: "Masked patches of pairs, by both encoders together.",
        paper: "1",
      }),
      mmmText: lossWeight.meta({
        description: "Masked words of pairs, by both encoders together.",
        paper: "1",
      }),
    })
    .prefault({})
    .meta({ description: "Weight of each loss; those of weight 0 are not computed." }),
  rate,
  optimizer,
  recompute: z.boolean().default(false).meta({
    description: "Recompute activations within blocks in the backward pass, to save memory.",
  }),
  frozen: z.array(z.string()).default([]).meta({
    description:
      'Parts of the weights that are not trained, such as "flava/image". The codebook never is.',
  }),
  from: z
    .array(
      z.strictObject({
        stage: z.string().meta({ description: "Name of an earlier stage." }),
        parts: z.array(z.string()).meta({
          description:
            'What to take from it, such as "flava", "flava/text", "heads/mlm", "codebook".',
        }),
      }),
    )
    .default([])
    .meta({
      description: "Initial weights out of earlier stages; all others are random.",
      paper: "image encoder DINO, text encoder MLM",
    }),
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
  if (Object.values(shares).every((share) => share === 0)) {
    context.addIssue({ code: "custom", path: ["shares"], message: "one must be above 0" });
  }
  for (const kind of ["pair", "image", "text"] as const) {
    if (shares[kind] === 0 || batch[kind] % microBatches === 0) continue;
    const message = `${counted(batch[kind], "sample")} cannot be split into ${microBatches} equal micro-batches; choose a multiple of ${microBatches}`;
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
    const message = `expected at most ${counted(steps, "step")}, all that the stage has, but got ${over}; shorter stages need this setting changed, too`;
    context.addIssue({ code: "custom", path: [name, "over"], message });
  }
}

/** Any stage of a recipe. */
export const stage = z
  .discriminatedUnion("kind", [codebookStage, possibleStage])
  .superRefine(checkSchedules);

export type CodebookStageRecipe = z.output<typeof codebookStage>;
export type PretrainingStageRecipe = z.output<typeof pretrainingStage>;
