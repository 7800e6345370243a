/** Parameters after "?" in the address of a request: each one known, and given once. */
import { z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { suggestion } from "../../base/suggestion.js";
import { ApiError, unusable } from "./api-error.js";
import { invalidBody } from "./invalid-body.js";

/**
 * @param fields those of the body, where a parameter may have been meant to be
 * @throws ApiError 422 for a parameter that there is not, that is given twice, or that cannot be used
 */
export function readQuery<Schema extends z.ZodObject>(
  { req }: Context,
  schema: Schema,
  fields: readonly string[] = [],
): z.output<Schema> {
  const known = Object.keys(schema.shape);
  const given: Record<string, string> = {};
  for (const [name, value] of new URL(req.url).searchParams) {
    if (!known.includes(name)) throw unknownParameter(req, name, known, fields);
    if (Object.hasOwn(given, name)) {
      throw unusable(name, 'expected once after "?", but it is there several times');
    }
    given[name] = value;
  }
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  throw invalidBody(error.issues, given, schema);
}

/** @param known what the address may have after "?" */
function unknownParameter(
  { method, path }: Context["req"],
  name: string,
  known: readonly string[],
  fields: readonly string[],
): ApiError {
  const shown = name.slice(0, 100);
  const takes = known.length === 0 ? "none" : known.join(", ");
  const hint =
    fields.length > 0
      ? `${suggestion(name, fields)} Its fields are sent in the body: ${fields.join(", ")}.`
      : suggestion(name, known) || ` It takes ${takes}.`;
  return new ApiError(
    422,
    `${method} ${path.slice(0, 100)} takes no parameter ${JSON.stringify(shown)} after "?".${hint}`,
    { param: shown },
  );
}

/** No parameters. */
export const noQuery = z.object({});

/** @throws ApiError 422 if there is a parameter, which may have been meant to be one of the fields of the body */
export const requireNoQuery = (context: Context, fields: readonly string[]): void =>
  void readQuery(context, noQuery, fields);

/** For endpoints that take no parameters after "?". */
export const takesNoQuery: MiddlewareHandler = async (context, next) => {
  requireNoQuery(context, []);
  await next();
};
