/** `GET /v1/models/{id}/card`: what a model is made of, and its README.md. */
import { z } from "@hono/zod-openapi";

export const cardResponse = z
  .object({
    model: z.string(),
    /** The README.md beside the weights, in Markdown; null if there is none. */
    card: z.string().nullable(),
    /** Such as "FlavaForPreTraining". */
    family: z.string(),
    /** The file format. */
    format: z.string(),
    parameters: z.int(),
    tensors: z.int(),
    dtypes: z.array(z.string()),
    /** Bytes of the weights on disk. */
    bytes: z.int(),
    /** Parameters of each part, such as "flava/image". */
    parts: z.record(z.string(), z.int()),
    /** Bytes of memory for the weights, without activations. */
    memory: z.object({ float32: z.int(), bfloat16: z.int(), int8: z.int(), training: z.int() }),
  })
  .openapi("ModelCard");

export type CardResponse = z.infer<typeof cardResponse>;
