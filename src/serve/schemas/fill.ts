/** `POST /v1/fill` and `/v1/fill/image`: masked words and hidden patches. */
import { z } from "@hono/zod-openapi";
import { imageSchema, modelSchema, oneOrMany, textSchema } from "./inputs.js";

export const fillRequest = z
  .strictObject({
    texts: oneOrMany(textSchema).openapi({ example: "a red [MASK] icon" }),
    image: imageSchema.optional().openapi({ description: "An image that the texts describe." }),
    top: z.int().min(1).max(100).default(5).openapi({ description: "Candidates for each mask." }),
    model: modelSchema,
  })
  .openapi("FillRequest");

const candidates = z.array(z.object({ piece: z.string(), probability: z.number() })).readonly();

export const fillResponse = z
  .object({
    data: z.array(
      z.object({
        index: z.int(),
        /** The text with the best piece in place of each mask. */
        text: z.string(),
        /** The candidates for each mask, best first. */
        masks: z.array(candidates).readonly(),
      }),
    ),
    model: z.string(),
  })
  .openapi("FillResponse");

export const fillImageRequest = z
  .strictObject({
    image: imageSchema,
    hidden: z.array(z.int().nonnegative()).min(1).optional().openapi({
      description: "Numbers of the hidden patches, row by row; default: random blocks.",
    }),
    seed: z.int().nonnegative().optional().openapi({
      description: "Seed of the random blocks; default: 0. Not with hidden.",
    }),
    model: modelSchema,
  })
  .openapi("FillImageRequest");

export const fillImageResponse = z
  .object({
    grid: z
      .object({ width: z.int(), height: z.int() })
      .openapi({ description: "Patches in a row and in a column." }),
    hidden: z.array(z.int()).openapi({ description: "Numbers of the hidden patches, row by row." }),
    tokens: z.array(z.int()).openapi({
      description:
        "The visual token of each patch, row by row: predicted where hidden, else the codebook's.",
    }),
    image: z.string().optional().openapi({
      description:
        "The image that the tokens decode to, as a data: URL of a PNG, if the model has the codebook's decoder.",
    }),
    model: z.string(),
  })
  .openapi("FillImageResponse");

/**
 * Body of `POST /v1/fill`.
 * @useDeclaredType
 */
export type FillRequest = z.input<typeof fillRequest>;
/**
 * Answer of `POST /v1/fill`: for each mask, candidates, best first.
 * @useDeclaredType
 */
export type FillResponse = z.infer<typeof fillResponse>;
/**
 * Body of `POST /v1/fill/image`.
 * @useDeclaredType
 */
export type FillImageRequest = z.input<typeof fillImageRequest>;
/**
 * Answer of `POST /v1/fill/image`: hidden patches, visual tokens, and the image that they decode to.
 * @useDeclaredType
 */
export type FillImageResponse = z.infer<typeof fillImageResponse>;
