/** The sets of the mini-PMD, which `flava data build` writes, as recipes train and validate on them. */
import { join } from "node:path";
import { cacheDirectory } from "../base/cache.js";
import type { RecipeInput } from "./recipe.js";

export const miniPmd = {
  root: join(cacheDirectory(), "pmd"),
  pairs: ["pairs/*/train"],
  images: ["pairs/*/train", "images/*/train"],
  texts: ["text/*/train"],
  validation: { pairs: ["pairs/icons/validation"], texts: ["text/*/validation"], batch: 128 },
  captions: { lengths: [16], unit: "word" },
  // Colors and styles are easy to learn, but do not help with held-out images, which are black and in other styles.
  firstCaptionProbability: 0.7,
} satisfies Partial<RecipeInput["data"]>;
