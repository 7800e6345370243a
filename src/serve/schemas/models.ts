/** `GET /v1/models`, as OpenAI's clients read it, with what the web app needs to know. */
import { z } from "@hono/zod-openapi";

export const modelDescription = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    /** When it was loaded, in seconds since 1970. */
    created: z.int(),
    owned_by: z.string(),
    /** Width D of the embeddings. */
    dimensions: z.int(),
    /** Tokens of a text that are read, [CLS] and [SEP] included. */
    max_tokens: z.int(),
    /** Patches in a row and in a column of an image. */
    patches: z.object({ width: z.int(), height: z.int() }),
    /** What the model can do: names of endpoints below /v1. */
    endpoints: z.array(z.string()),
  })
  .openapi("Model");

export const modelsResponse = z
  .object({ object: z.literal("list"), data: z.array(modelDescription) })
  .openapi("ModelsResponse");

/**
 * A model of `GET /v1/models`.
 * @useDeclaredType
 */
export type ModelDescription = z.infer<typeof modelDescription>;
/**
 * Answer of `GET /v1/models`.
 * @useDeclaredType
 */
export type ModelsResponse = z.infer<typeof modelsResponse>;
