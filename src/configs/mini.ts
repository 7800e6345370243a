/**
 * The recipe of `models/mini`: `flava pretrain mini`, after `flava data build`; an estimated three hours on two cores with
 * AVX512-BF16, fourteen with AVX2 alone (`--dry-run` estimates yours).
 * Stages as in the paper (codebook, unimodal encoders, all six losses), plus a long stage of contrastive loss alone and
 * a short one of matching before the last; then these three again. How the shipped weights were made with it, and their
 * results, are in models/mini/README.md.
 */
import { drawnImages } from "./drawn-images.js";
import { miniPmd } from "./mini-pmd.js";
import { contrastiveAlone, matchingAlone } from "./pairs-alone.js";
import type { RecipeInput } from "./recipe.js";

const none = { pair: 0, image: 0, text: 0 };
const batch = { pair: 128, image: 128, text: 32 };
const all = ["flava", "heads", "codebook"];
const rate = { peak: 1.5e-3, warmup: 100 };
/** Pairs, and some texts, so that language is not forgotten. */
const mostlyPairs = {
  batch: { ...batch, pair: 256, text: 128 },
  ...contrastiveAlone,
  shares: { pair: 0.85, image: 0, text: 0.15 },
};
const onlyMatching = { batch: { ...batch, pair: 256 }, ...matchingAlone };
const allLosses = { batch: { ...batch, text: 128 }, mismatched: 0.2 };

export const mini = {
  name: "mini",
  model: "mini",
  initialScale: 2.45, // sqrt(768 / 128)
  data: { ...miniPmd, passages: { lengths: [64, 96, 128], unit: "piece" } },
  stages: [
    {
      kind: "codebook",
      steps: 3000,
      batch: 16,
      rate: { peak: 4e-3, warmup: 50, floor: 2e-5 },
      optimizer: { weightDecay: 1e-4 },
      temperature: { from: 1, to: 1 / 16, over: 2900 },
      ...drawnImages,
      averaging: 0.99,
    },
    {
      kind: "pretraining",
      name: "image",
      steps: 200,
      batch,
      shares: { ...none, image: 1 },
      rate,
      from: [{ stage: "codebook", parts: ["codebook"] }],
    },
    {
      kind: "pretraining",
      name: "text",
      // Nearly four passes over the texts: with fewer, masked words are guessed by frequency alone.
      steps: 7000,
      batch: { ...batch, text: 128 },
      shares: { ...none, text: 1 },
      rate: { peak: 3e-3, warmup: 500, decay: 3000 },
      every: { evaluate: 1000 },
    },
    // Most of the time goes to the loss that benefits most from pairs.
    {
      kind: "pretraining",
      name: "contrastive",
      steps: 7600,
      ...mostlyPairs,
      rate: { ...rate, floor: rate.peak },
      from: [
        { stage: "codebook", parts: ["codebook"] },
        { stage: "image", parts: ["flava/image", "heads/mim"] },
        { stage: "text", parts: ["flava/text", "heads/mlm"] },
      ],
    },
    {
      kind: "pretraining",
      name: "matching",
      steps: 700,
      ...onlyMatching,
      rate: { peak: 1e-3, warmup: 50, decay: 350 },
      from: [{ stage: "contrastive", parts: all }],
    },
    {
      kind: "pretraining",
      name: "joint",
      steps: 2500,
      ...allLosses,
      rate: { peak: 1e-3, warmup: 100, decay: 2400 },
      from: [{ stage: "matching", parts: all }],
    },
    // A second round, at lower rates: the joint stage taught masked words and patches, but saw few pairs.
    {
      kind: "pretraining",
      name: "contrastive-2",
      steps: 3000,
      ...mostlyPairs,
      rate: { peak: 1e-3, warmup: 100, decay: 2600, floor: 1e-5 },
      from: [{ stage: "joint", parts: all }],
      every: { evaluate: 500 },
    },
    {
      kind: "pretraining",
      name: "matching-2",
      steps: 300,
      ...onlyMatching,
      rate: { peak: 5e-4, warmup: 30, decay: 250 },
      from: [{ stage: "contrastive-2", parts: all }],
    },
    {
      kind: "pretraining",
      name: "joint-2",
      steps: 1500,
      ...allLosses,
      rate: { peak: 5e-4, warmup: 50, decay: 1400 },
      from: [{ stage: "matching-2", parts: all }],
    },
  ],
} as const satisfies RecipeInput;
