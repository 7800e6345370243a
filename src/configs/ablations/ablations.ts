/**
 * The models that the paper compares (Tables 3 and 4, flava.md 5.4), as stages of one recipe, so that all of a seed share a
 * codebook: `flava ablate` trains and evaluates them.
 */
import { drawnImages } from "../drawn-images.js";
import { miniPmd } from "../mini-pmd.js";
import type { RecipeInput } from "../recipe.js";

/** A model that the paper compares with others, trained by a stage of its own. */
export interface Ablation {
  /** Name of its stage. */
  readonly stage: string;
  /** As tables name it. */
  readonly title: string;
  /** Averages of Table 4 in percent (flava.md 7.2): language, vision, multimodal; null where it has none. */
  readonly paper: readonly (number | null)[];
  /** The only family of tasks that the model is evaluated on: that of the one encoder that was trained, as in the paper. */
  readonly family?: "language" | "vision";
}

/** The models that the paper compares, in the order of its Table 4's columns. */
export const ablations: readonly Ablation[] = [
  { stage: "mim", title: "MIM", family: "vision", paper: [null, 57.46, null] },
  { stage: "mlm", title: "MLM", family: "language", paper: [71.55, null, null] },
  {
    stage: "contrastive-local",
    title: "contrastive, local gradients",
    paper: [62.99, 76.12, 66.42],
  },
  { stage: "contrastive", title: "contrastive (FLAVA_C)", paper: [64.8, 79.14, 66.25] },
  { stage: "contrastive-longer", title: "contrastive, cost-matched", paper: [null, null, null] },
  { stage: "multimodal", title: "losses of pairs (FLAVA_MM)", paper: [74.22, 79.35, 69.11] },
  { stage: "scratch", title: "all losses, random weights", paper: [75.55, 78.29, 67.32] },
  { stage: "flava", title: "all losses, from MIM and MLM (FLAVA)", paper: [78.19, 79.44, 69.92] },
];

/** What the paper concludes from its table: one model less another (flava.md 7.4). */
export interface Change {
  readonly title: string;
  readonly from: string;
  readonly to: string;
}

export const changes: readonly Change[] = [
  { title: "global instead of local gradients", from: "contrastive-local", to: "contrastive" },
  { title: "adding MMM and ITM", from: "contrastive", to: "multimodal" },
  { title: "adding MMM and ITM, at equal cost", from: "contrastive-longer", to: "multimodal" },
  { title: "adding unimodal data, from random weights", from: "multimodal", to: "scratch" },
  { title: "initialized encoders", from: "scratch", to: "flava" },
];

/** Steps of the model with all losses by default: a few hours for each seed on two cores. */
export const ablationSteps = 6000;

/**
 * Steps of other models for one of the model with all losses, such that all cost the same: the numbers of operations of a step
 * at the recipe's sizes, as `flava ablate --dry-run` shows them.
 */
const equalCost = {
  mim: 1.574,
  mlm: 2.286,
  "contrastive-longer": 5.562,
  multimodal: 0.834,
} as const;

const shares = { pair: 0, image: 0, text: 0 };
const batch = { pair: 64, image: 64, text: 32 };
const codebook = { stage: "codebook", parts: ["codebook"] };
const contrastive = {
  shares: { ...shares, pair: 1 },
  mismatched: 0,
  losses: { itm: 0, mmmImage: 0, mmmText: 0 },
};

const data: RecipeInput["data"] = {
  ...miniPmd,
  passages: { lengths: [64], unit: "piece" },
};

type Stage = Extract<RecipeInput["stages"][number], { kind: "pretraining" }>;

/**
 * The recipe of one seed. All models cost the same but the first two contrastive ones, which see as many pairs as the model with
 * all losses, as in the paper; the weights that `flava` starts from come on top, also as in the paper.
 *
 * @param steps of the model with all losses
 */
export function ablationRecipe(steps: number): RecipeInput {
  const stage = (name: string, share: number, changes: Partial<Stage>): Stage => {
    const own = Math.max(1, Math.round(steps * share));
    return {
      ...{ kind: "pretraining", name, steps: own, batch, from: [codebook] },
      rate: { peak: 1.5e-3, warmup: Math.min(100, Math.floor(own / 10)), floor: 1e-5 },
      every: { log: 50, evaluate: Math.max(1, Math.ceil(own / 6)), save: 250 },
      ...changes,
    };
  };
  const codebookSteps = Math.min(2000, steps);
  const all = { mismatched: 0.2 };
  return {
    name: "ablation",
    model: "tiny",
    initialScale: 3.46, // sqrt(768 / 64)
    data,
    stages: [
      {
        kind: "codebook",
        steps: codebookSteps,
        batch: 16,
        rate: { peak: 4e-3, warmup: Math.min(50, Math.floor(codebookSteps / 10)), floor: 2e-5 },
        optimizer: { weightDecay: 1e-4 },
        temperature: { from: 1, to: 1 / 16, over: codebookSteps },
        ...drawnImages,
        averaging: 0.99,
        every: { log: 50 },
      },
      stage("mim", equalCost.mim, { shares: { ...shares, image: 1 } }),
      stage("mlm", equalCost.mlm, { shares: { ...shares, text: 1 } }),
      // Micro-batches stand for the workers of the paper, through whose embeddings gradients do not go.
      stage("contrastive-local", 0.7, { ...contrastive, gather: "local", microBatches: 4 }),
      stage("contrastive", 0.7, contrastive),
      stage("contrastive-longer", equalCost["contrastive-longer"], contrastive),
      stage("multimodal", equalCost.multimodal, { ...all, shares: { ...shares, pair: 1 } }),
      stage("scratch", 1, all),
      stage("flava", 1, {
        ...all,
        from: [
          codebook,
          { stage: "mim", parts: ["flava/image", "heads/mim"] },
          { stage: "mlm", parts: ["flava/text", "heads/mlm"] },
        ],
      }),
    ],
  };
}
