/** The model of a recipe: a size by name, alone or with changes. */
import { z } from "zod";
import { type FlavaConfig, patchCount } from "../model/config.js";
import { type ModelName, models } from "./models.js";

const count = z.int().positive();

const stack = {
  layers: count.optional().meta({ description: "Blocks.", paper: "12; multimodal 6" }),
  width: count.optional().meta({ description: "Width of a token.", paper: "768" }),
  hidden: count.optional().meta({ description: "Inner width of an MLP.", paper: "3,072" }),
  heads: count.optional().meta({ description: "Attention heads.", paper: "12" }),
};

const from = z.enum(Object.keys(models) as [ModelName, ...ModelName[]]);

const changed = z.strictObject({
  from: from.meta({ description: "The size to start from.", paper: "base" }),
  image: z
    .strictObject({
      ...stack,
      size: count.optional().meta({ description: "Side of an image in pixels.", paper: "224" }),
      patch: count.optional().meta({ description: "Side of a patch in pixels.", paper: "16" }),
    })
    .optional()
    .meta({ description: "The image encoder." }),
  text: z
    .strictObject({
      ...stack,
      positions: count
        .optional()
        .meta({ description: "Longest text in word pieces.", paper: "512" }),
      vocabulary: count.optional().meta({ description: "Word embeddings.", paper: "30,522" }),
    })
    .optional()
    .meta({ description: "The text encoder." }),
  multimodal: z
    .strictObject(stack)
    .optional()
    .meta({ description: "The multimodal encoder, which reads both." }),
  codebook: z
    .strictObject({
      hidden: count.optional().meta({ description: "Channels of the widest part.", paper: "256" }),
      vocabulary: count.optional().meta({ description: "Visual tokens.", paper: "8,192" }),
    })
    .optional()
    .meta({ description: "The image codebook." }),
  projection: count
    .optional()
    .meta({ description: "Width of the contrastive embeddings.", paper: "768" }),
});

/** `"mini"`, or `{ "from": "base", "image": { "layers": 6 } }`. */
export const modelRecipe = z.union([from, changed]).superRefine((model, context) => {
  const config = modelConfig(model);
  for (const encoder of ["image", "text", "multimodal"] as const) {
    const { width, heads } = config[encoder];
    if (width % heads === 0) continue;
    const message = `a width of ${width} cannot be split into ${heads} heads`;
    context.addIssue({ code: "custom", path: [encoder, "heads"], message });
  }
  const { size, patch } = config.image;
  if (size % patch === 0) return;
  const message = `an image of ${size} pixels cannot be cut into patches of ${patch}; it has ${patchCount(config.image)} whole ones`;
  context.addIssue({ code: "custom", path: ["image", "patch"], message });
});

export type ModelRecipe = z.output<typeof modelRecipe>;

/** The sizes of a recipe's model. */
export function modelConfig(model: ModelRecipe): FlavaConfig {
  if (typeof model === "string") return models[model];
  const { from: name, projection, ...parts } = model;
  const base: FlavaConfig = models[name];
  const codebook = { ...base.codebook, ...set(parts.codebook) };
  return {
    ...base,
    image: { ...base.image, ...set(parts.image), vocabulary: codebook.vocabulary },
    text: { ...base.text, ...set(parts.text) },
    multimodal: { ...base.multimodal, ...set(parts.multimodal) },
    codebook,
    projection: projection ?? base.projection,
  };
}

type Set<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The settings that are given; JSON has no undefined ones. */
const set = <T extends object>(settings: T | undefined): Set<T> =>
  Object.fromEntries(
    Object.entries(settings ?? {}).filter(([, value]) => value !== undefined),
  ) as Set<T>;
