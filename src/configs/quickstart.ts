/** The README's first command: pre-training on the shipped sample. */
import { packagePath } from "../base/package-root.js";
import { quickstartSettings } from "./quickstart-settings.js";
import type { RecipeInput } from "./recipe.js";

export const quickstart = {
  ...quickstartSettings,
  data: {
    root: packagePath("samples", "mini-pmd"),
    pairs: ["pairs/*/train", "pairs/icons.parquet"],
    images: ["pairs/*/train", "images/*/train"],
    texts: ["text/*/train"],
    validation: { pairs: ["pairs/*/validation"], texts: ["text/*/validation"], batch: 96 },
    ...quickstartSettings.data,
  },
} as const satisfies RecipeInput;
