/**
 * The paper's recipe (flava.md 5.1 and 5.2), for a sufficiently large machine or cluster: PMD in tar shards under
 * `data.root`, one directory of shards per data set, and DALL-E's image codebook, passed with `--start`.
 * Never run here: it would take centuries on two cores.
 */
import type { RecipeInput } from "./recipe.js";

const none = { pair: 0, image: 0, text: 0 };

export const base = {
  name: "base",
  model: "base",
  data: {
    root: "pmd",
    pairs: ["pairs/*"],
    images: ["images/*"],
    texts: ["text/*"],
    validation: { pairs: ["validation/pairs/*"], texts: ["validation/text/*"] },
    captions: { lengths: [16, 24, 32, 48, 77], unit: "word" },
    passages: { lengths: [128, 256, 512], unit: "piece" },
  },
  stages: [
    {
      // BEiT's recipe: 800 epochs of ImageNet-1k's 1.28 million images.
      kind: "pretraining",
      name: "image",
      steps: 500_000,
      batch: { pair: 2048, image: 2048, text: 2048 },
      shares: { ...none, image: 1 },
      rate: { peak: 1.5e-3, warmup: 6250, floor: 1e-5 },
      optimizer: { weightDecay: 0.05, clip: 3 },
      recompute: true,
      every: { log: 100, evaluate: 5000, save: 1000 },
    },
    {
      // RoBERTa's recipe, with the paper's number of steps.
      kind: "pretraining",
      name: "text",
      steps: 125_000,
      batch: { pair: 2048, image: 2048, text: 2048 },
      shares: { ...none, text: 1 },
      rate: { peak: 5e-4, warmup: 10_000, decay: 115_000 },
      optimizer: { beta2: 0.98, epsilon: 1e-6, weightDecay: 0.01 },
      recompute: true,
      every: { log: 100, evaluate: 5000, save: 1000 },
    },
    {
      // 150,000 of the steps (0.70) are on pairs.
      kind: "pretraining",
      name: "joint",
      steps: 214_000,
      batch: { pair: 8192, image: 8192, text: 8192 },
      rate: { peak: 1e-3, warmup: 10_000 },
      recompute: true,
      from: [
        { stage: "image", parts: ["flava/image", "heads/mim"] },
        { stage: "text", parts: ["flava/text", "heads/mlm"] },
      ],
      every: { log: 100, evaluate: 8000, save: 1000 },
    },
  ],
} as const satisfies RecipeInput;
