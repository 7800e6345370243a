/** Errors in the form that OpenAI's clients read. */
import { z } from "@hono/zod-openapi";

export const errorResponse = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      /** The field at fault. */
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .openapi("Error");

export type ErrorResponse = z.infer<typeof errorResponse>;
