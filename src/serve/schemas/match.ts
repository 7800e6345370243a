/** `POST /v1/match`: the probability that an image and a text belong together, for all pairs of images and texts. */
import { z } from "@hono/zod-openapi";
import { imagesSchema, modelSchema, oneOrMany, textSchema, truncateSchema } from "./inputs.js";

export const matchRequest = z
  .strictObject({
    images: imagesSchema,
    texts: oneOrMany(textSchema),
    truncate: truncateSchema,
    model: modelSchema,
  })
  .openapi("MatchRequest");

export const matchResponse = z
  .object({
    probabilities: z
      .array(z.array(z.number()))
      .openapi({ description: "A row for each image, with a probability for each text." }),
    model: z.string(),
  })
  .openapi("MatchResponse");

/**
 * Body of `POST /v1/match`.
 * @useDeclaredType
 */
export type MatchRequest = z.input<typeof matchRequest>;
/**
 * Answer of `POST /v1/match`: the probability of each pair.
 * @useDeclaredType
 */
export type MatchResponse = z.infer<typeof matchResponse>;
