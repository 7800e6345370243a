/** Recipes of training runs: model, data and consecutive stages. Plain JSON, checked in full before a run starts. */
import { z } from "zod";
import { suggestion } from "../base/suggestion.js";
import { describeFault } from "./recipe-fault.js";
import { data } from "./recipe-data.js";
import { modelRecipe } from "./recipe-model.js";
import { stage } from "./recipe-stages.js";

const positive = z.number().positive();

/** Names must be unique, and initial weights come from earlier stages. */
function checkNames(
  stages: readonly {
    readonly name: string;
    readonly from?: readonly { readonly stage: string }[];
  }[],
  context: z.RefinementCtx,
): void {
  for (const [index, { name, from = [] }] of stages.entries()) {
    const earlier = stages.slice(0, index).map((stage) => stage.name);
    if (earlier.includes(name)) {
      const message = `"${name}" is the name of an earlier stage; names must be unique`;
      context.addIssue({ code: "custom", path: [index, "name"], message });
    }
    for (const [place, { stage }] of from.entries()) {
      if (earlier.includes(stage)) continue;
      const message = `there is no stage "${stage}" before this one.${suggestion(stage, earlier)}`;
      context.addIssue({ code: "custom", path: [index, "from", place, "stage"], message });
    }
  }
}

const recipeShape = z.strictObject({
  $schema: z.string().optional().meta({
    description: "Path of this schema, for editors: `flava pretrain --print schema` prints it.",
  }),
  name: z.string().meta({ description: "The name of the run." }),
  model: modelRecipe.optional().meta({
    description:
      'The sizes of the model: a name such as "mini", or a name with changes, as in { "from": "base", "image": { "layers": 6 } }; default: those of the weights to start from.',
    paper: "base",
  }),
  start: z.string().optional().meta({
    description:
      "A model to start from, a path relative to the recipe's file; weights of earlier stages replace its own.",
  }),
  seed: z.int().nonnegative().default(0).meta({
    description: "Of all random numbers: the same seed gives the same weights.",
  }),
  initialScale: positive.default(1).meta({
    description:
      "Standard deviation of random weights, as a multiple of 0.02; the square root of 768 / width keeps the signal of narrow models.",
    paper: "1",
  }),
  precision: z.enum(["float32", "bfloat16"]).default("bfloat16").meta({
    description: "Precision of activations and of the factors of products.",
    paper: "float16 but for layer norms",
  }),
  shards: z.int().positive().optional().meta({
    description:
      "Equal parts of each batch that processes share: the same number gives the same weights on any number of processes. Default: the number of processes that start the run.",
  }),
  gradientSums: z.enum(["float32", "bfloat16"]).optional().meta({
    description:
      "What the gradients of shards, and their sums, are rounded to: bfloat16 halves the bytes that processes exchange. Default: float32.",
  }),
  data: data.meta({ description: "The data sets, and how their samples become batches." }),
  stages: z
    .array(stage)
    .nonempty()
    .superRefine(checkNames)
    .meta({ description: "One after another." }),
});

/** The schema of recipes. */
export const recipeSchema = recipeShape.superRefine(({ model, start }, context) => {
  if (model !== undefined || start !== undefined) return;
  const message = 'name a size, such as "mini", or weights to start from ("start")';
  context.addIssue({ code: "custom", path: ["model"], message });
});

export type { CodebookStageRecipe, PretrainingStageRecipe } from "./recipe-stages.js";

/**
 * A recipe as written: settings with defaults may be omitted.
 * @useDeclaredType
 */
export type RecipeInput = z.input<typeof recipeShape>;
/**
 * A recipe with all defaults filled in.
 * @useDeclaredType
 */
export type Recipe = z.output<typeof recipeShape>;
export type StageRecipe = Recipe["stages"][number];

/** Invalid recipe; the message lists every error. */
export class RecipeError extends Error {
  override readonly name = "RecipeError";
}

/**
 * Checks a recipe, as it is written in JSON, and fills in defaults.
 *
 * @param origin names the recipe in messages, such as the path of its file
 * @throws RecipeError if it is invalid; the message lists every error
 */
export function checkRecipe(input: unknown, origin: string): Recipe {
  const checked = recipeSchema.safeParse(input);
  if (checked.success) return checked.data;
  const lines = checked.error.issues.map(
    (issue) => `  ${describeFault(recipeShape, input, issue)}`,
  );
  throw new RecipeError(`Invalid recipe: ${origin}\n${lines.join("\n")}`);
}
