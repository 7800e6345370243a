/** Reads and checks the body of a request: JSON, or a multipart form with the same fields. */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ApiError } from "./api-error.js";
import { fieldsOf } from "./form-fields.js";

const expected = "send JSON (content-type: application/json) or a form (multipart/form-data)";

/**
 * @throws ApiError 415 for another content type, 400 for a body that is cut off or no JSON, 422 for one that lacks what the
 *   schema asks for
 */
export async function readBody<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const content = await contentOf(context);
  const { success, data, error } = schema.safeParse(content);
  if (success) return data;
  const { path, message } = deepestIssue(error.issues);
  const param = nameOf(path);
  throw new ApiError(422, param === "" ? message : `${param}: ${message}`, { param });
}

async function contentOf({ req }: Context): Promise<unknown> {
  const given = req.header("content-type");
  const type = given?.split(";")[0]!.trim().toLowerCase();
  try {
    if (type === "application/json") return await req.json();
    if (type === "multipart/form-data") return await fieldsOf(await req.formData());
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    const kind = type === "application/json" ? "JSON" : "a multipart form";
    throw new ApiError(400, `The body cannot be read as ${kind}: ${String(cause)}.`, { cause });
  }
  throw new ApiError(
    415,
    given === undefined
      ? `The request has no content type: ${expected}.`
      : `The content type ${given.slice(0, 100)} is not supported: ${expected}.`,
  );
}

/** The issue that says most: inside a union, that of the alternative which comes furthest. */
function deepestIssue(issues: readonly z.core.$ZodIssue[]): {
  readonly path: readonly PropertyKey[];
  readonly message: string;
} {
  const [issue] = issues;
  if (!issue) return { path: [], message: "The body is not valid." };
  if (issue.code !== "invalid_union") return issue;
  const within = issue.errors
    .filter((alternative) => !alternative.some(({ code }) => code === "unrecognized_keys"))
    .map(deepestIssue)
    .reduce((best, other) => (isFurther(other.path, best.path) ? other : best), {
      path: [],
      message: issue.message,
    });
  return { path: [...issue.path, ...within.path], message: within.message };
}

function isFurther(path: readonly PropertyKey[], other: readonly PropertyKey[]): boolean {
  if (path.length !== other.length) return path.length > other.length;
  return Number(path[0]) > Number(other[0]); // the elements before it are valid
}

/** "images[2].text" for a path. */
const nameOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
