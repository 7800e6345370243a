/** The settings of the quickstart: a few minutes of pre-training, with the stages of mini.ts except that of images. */
import { drawnImages } from "./drawn-images.js";
import { contrastiveAlone, matchingAlone } from "./pairs-alone.js";
import type { RecipeInput } from "./recipe.js";

const batch = { pair: 96, image: 96, text: 32 };
const all = ["flava", "heads", "codebook"];
const every = { log: 20, evaluate: 100, save: 100 };

/**
 * What `flava quickstart` trains, apart from where its data are: a tiny model, in minutes. It is the default of `train` in a
 * browser.
 */
export const quickstartSettings = {
  name: "quickstart",
  model: "tiny",
  initialScale: 3.46, // sqrt(768 / 64)
  data: {
    captions: { lengths: [16, 24], unit: "word" },
    passages: { lengths: [64], unit: "piece" },
    firstCaptionProbability: 0.5,
    temperature: 1.5,
  },
  stages: [
    {
      kind: "codebook",
      steps: 300,
      batch: 16,
      rate: { peak: 4e-3, warmup: 10 },
      optimizer: { weightDecay: 1e-4 },
      temperature: { from: 1, to: 1 / 16, over: 290 },
      ...drawnImages,
      averaging: 0.95,
      every,
    },
    {
      kind: "pretraining",
      name: "text",
      steps: 150,
      batch: { ...batch, text: 128 },
      shares: { pair: 0, image: 0, text: 1 },
      rate: { peak: 3e-3, warmup: 20, floor: 3e-3 },
      every,
    },
    {
      kind: "pretraining",
      name: "contrastive",
      steps: 450,
      batch,
      ...contrastiveAlone,
      rate: { peak: 2e-3, warmup: 20, floor: 2e-3 },
      from: [
        { stage: "codebook", parts: ["codebook"] },
        { stage: "text", parts: ["flava/text", "heads/mlm"] },
      ],
      every,
    },
    {
      kind: "pretraining",
      name: "matching",
      steps: 400,
      batch,
      ...matchingAlone,
      rate: { peak: 2e-3, warmup: 20, floor: 2e-3 },
      from: [{ stage: "contrastive", parts: all }],
      every,
    },
    {
      kind: "pretraining",
      name: "joint",
      steps: 350,
      batch,
      mismatched: 0.2,
      rate: { peak: 2e-3, warmup: 20 },
      from: [{ stage: "matching", parts: all }],
      every,
    },
  ],
} as const satisfies Omit<RecipeInput, "data"> & {
  readonly data: Omit<RecipeInput["data"], "root">;
};
