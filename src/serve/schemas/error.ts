/** Errors in the form that OpenAI's clients read. */
import { type RouteConfig, z } from "@hono/zod-openapi";

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

/** What the document says of errors. */
export const errorAnswer = {
  description: "An error.",
  content: { "application/json": { schema: errorResponse } },
};

/** What the document says of the answers of an endpoint. */
export const responsesOf = (schema: z.ZodType): RouteConfig["responses"] => ({
  200: { description: "The results.", content: { "application/json": { schema } } },
  default: errorAnswer,
});

/**
 * Answer to a request that is refused or failed.
 * @useDeclaredType
 */
export type ErrorResponse = z.infer<typeof errorResponse>;
