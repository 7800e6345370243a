/** `POST /v1/embeddings`, as OpenAI's clients send it, with images. */
import { z } from "@hono/zod-openapi";
import {
  fileSchema,
  imageSchema,
  modelSchema,
  oneOrMany,
  textSchema,
  truncateSchema,
} from "./inputs.js";

const tokenIds = z.array(z.int32().nonnegative()).min(1);

const kinds =
  "a text, a data: URL of an image, token ids, { text }, { image }, or an uploaded file of an image";

const embeddingInput = z
  .union(
    [
      textSchema,
      tokenIds,
      fileSchema,
      z.strictObject({ text: textSchema }),
      z.strictObject({ image: imageSchema }),
    ],
    { error: `expected ${kinds}` },
  )
  .openapi("EmbeddingInput", { description: kinds });

export const embeddingsRequest = z
  .strictObject({
    input: oneOrMany(embeddingInput).openapi({ description: `One or an array of: ${kinds}.` }),
    model: modelSchema,
    encoding_format: z.enum(["float", "base64"]).default("float"),
    dimensions: z.int().positive().optional().openapi({
      description:
        "Only the model's own width is accepted: its embeddings were not trained to be cut.",
    }),
    truncate: truncateSchema,
    user: z.string().optional(),
  })
  .openapi("EmbeddingsRequest");

export const usageSchema = z
  .object({
    /** Tokens of texts, and patches of images, that were read. */
    prompt_tokens: z.int(),
    total_tokens: z.int(),
  })
  .openapi("Usage");

export const embeddingsResponse = z
  .object({
    object: z.literal("list"),
    data: z.array(
      z.object({
        object: z.literal("embedding"),
        index: z.int(),
        /** [D] at length 1; or its float32 bytes, little-endian, in base64. */
        embedding: z.union([z.array(z.number()), z.string()]),
      }),
    ),
    model: z.string(),
    usage: usageSchema,
  })
  .openapi("EmbeddingsResponse");

/**
 * A text, the ids of its tokens, or an image as a data URL, a URL of an allowed host, or an uploaded file.
 * @useDeclaredType
 */
export type EmbeddingInput = z.infer<typeof embeddingInput>;
/**
 * Body of `POST /v1/embeddings`, as OpenAI has it, with images besides texts.
 * @useDeclaredType
 */
export type EmbeddingsRequest = z.input<typeof embeddingsRequest>;
/**
 * Answer of `POST /v1/embeddings`.
 * @useDeclaredType
 */
export type EmbeddingsResponse = z.infer<typeof embeddingsResponse>;
