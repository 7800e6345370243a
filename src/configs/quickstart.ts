/** The first command of the README: two minutes of pre-training on the sample that ships, codebook first, then all six losses. */
import { packagePath } from "../base/package-root.js";
import type { RecipeInput } from "./recipe.js";

const batch = { pair: 96, image: 96, text: 32 };

export const quickstart = {
  name: "quickstart",
  model: "tiny",
  initialScale: 3.46, // sqrt(768 / 64)
  data: {
    root: packagePath("samples", "mini-pmd"),
    pairs: ["pairs/*/train"],
    images: ["pairs/*/train", "images/*/train"],
    texts: ["text/*/train"],
    validation: { pairs: ["pairs/*/validation"], texts: ["text/*/validation"] },
    captions: { lengths: [16, 24], unit: "word" },
    passages: { lengths: [64], unit: "piece" },
    plainest: 0.5,
    temperature: 1.5,
  },
  stages: [
    {
      kind: "codebook",
      steps: 120,
      batch: 32,
      rate: { peak: 2e-3, warmup: 10 },
      optimiser: { weightDecay: 1e-4 },
      temperature: { from: 1, to: 1 / 16, over: 115 },
      divergence: { from: 60, to: 10, over: 115 }, // as in mini.ts
      averaging: 0.95,
      every: { log: 20, evaluate: 100, save: 100 },
    },
    {
      kind: "pretraining",
      name: "joint",
      steps: 400,
      batch,
      mismatched: 0.2,
      rate: { peak: 2e-3, warmup: 20 },
      from: [{ stage: "codebook", parts: ["codebook"] }],
      every: { log: 20, evaluate: 100, save: 100 },
    },
  ],
} as const satisfies RecipeInput;
