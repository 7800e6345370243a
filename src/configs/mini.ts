/**
 * The model that ships: `flava pretrain mini`, about ten hours on two cores, after `flava data build`. See models/mini for
 * what came out. Three stages as in the paper: codebook, unimodal encoders, all six losses.
 */
import { join } from "node:path";
import { cacheDirectory } from "../base/cache.js";
import type { RecipeInput } from "./recipe.js";

const none = { pair: 0, image: 0, text: 0 };
const batch = { pair: 128, image: 128, text: 32 };

export const mini = {
  name: "mini",
  model: "mini",
  data: {
    root: join(cacheDirectory(), "pmd"),
    pairs: ["pairs/*/train"],
    images: ["pairs/*/train", "images/*/train"],
    texts: ["text/*/train"],
    validation: { pairs: ["pairs/icons/validation"], texts: ["text/*/validation"] },
    captions: { lengths: [8, 16, 24, 32], unit: "word" },
    passages: { lengths: [64, 96, 128], unit: "piece" },
    temperature: 1.5,
  },
  stages: [
    {
      kind: "codebook",
      steps: 1500,
      batch: 32,
      rate: { peak: 2e-3, warmup: 50, floor: 2e-5 },
      optimiser: { weightDecay: 1e-4 },
      temperature: { from: 1, to: 1 / 16, over: 1200 },
      divergence: { from: 0, to: 6.6, over: 600 },
      averaging: 0.99,
    },
    {
      kind: "pretraining",
      name: "image",
      steps: 500,
      batch,
      shares: { ...none, image: 1 },
      rate: { peak: 1e-3, warmup: 100 },
      from: [{ stage: "codebook", parts: ["codebook"] }],
    },
    {
      kind: "pretraining",
      name: "text",
      steps: 1000,
      batch,
      shares: { ...none, text: 1 },
      rate: { peak: 1e-3, warmup: 100 },
    },
    {
      kind: "pretraining",
      name: "joint",
      steps: 20_000,
      batch,
      rate: { peak: 1e-3, warmup: 300, decay: 2000 },
      from: [
        { stage: "codebook", parts: ["codebook"] },
        { stage: "image", parts: ["flava/image", "heads/mim"] },
        { stage: "text", parts: ["flava/text", "heads/mlm"] },
      ],
    },
  ],
} as const satisfies RecipeInput;
