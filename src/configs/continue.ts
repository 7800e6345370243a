/**
 * Continues the shipped model, or another one (`--start`), on pairs of one's own: `flava pretrain continue`, with
 * `data.root` and the data sets set, or printed to a file and edited.
 */
import { packagePath } from "../base/package-root.js";
import type { RecipeInput } from "./recipe.js";

export const continuing = {
  name: "continue",
  start: packagePath("models", "mini"),
  data: {
    root: ".",
    pairs: ["train.csv"],
    validation: { pairs: ["validation.csv"] },
    captions: { lengths: [16, 32], unit: "word" },
  },
  stages: [
    {
      kind: "pretraining",
      name: "joint",
      steps: 600,
      batch: { pair: 128, image: 128, text: 128 },
      shares: { pair: 1, image: 0, text: 0 },
      // A third of the pairs are mismatched, with texts that are like the right ones: without them, the model forgets
      // which captions are wrong.
      mismatched: 0.33,
      candidates: 8,
      // A fifteenth of the rate of a new model: enough to learn, little enough to keep what the model knows.
      rate: { peak: 1e-4, warmup: 50 },
      every: { log: 20, evaluate: 100, save: 100 },
    },
  ],
} as const satisfies RecipeInput;
