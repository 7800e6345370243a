/** Reads and checks the body of a request: JSON, or a multipart form with the same fields. */
import type { z } from "@hono/zod-openapi";
import { bufferToFormData } from "hono/utils/buffer";
import { JsonError, parseJson } from "../../data/json.js";
import { ApiError } from "./api-error.js";
import { fieldsOf } from "./form-fields.js";
import { invalidBody } from "./invalid-body.js";

const expected = "send JSON (content-type: application/json) or a form (multipart/form-data)";

/**
 * @param limit most bytes of the body
 * @throws ApiError 415 for another content type, 413 for a body that is too large, 400 for one that is cut off or no JSON, 422
 *   for one that lacks what the schema asks for
 */
export async function readBody<Schema extends z.ZodObject>(
  request: Request,
  schema: Schema,
  limit: number,
): Promise<z.output<Schema>> {
  const content = await contentOf(request, schema, limit);
  const { success, data, error } = schema.safeParse(content);
  if (success) return data;
  throw invalidBody(error.issues, content, schema);
}

async function contentOf(request: Request, schema: z.ZodObject, limit: number): Promise<unknown> {
  const { headers } = request;
  const given = headers.get("content-type");
  const type = given?.split(";")[0]!.trim().toLowerCase();
  if (type !== "application/json" && type !== "multipart/form-data") {
    const shown = given === null ? "no content type" : `the content type ${given.slice(0, 100)}`;
    throw new ApiError(415, `The request has ${shown}: ${expected}.`);
  }
  const charset = /;\s*charset="?([^";\s]+)/i.exec(given!)?.[1] ?? "utf-8";
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new ApiError(415, `The body is in ${charset.slice(0, 100)}: send it in UTF-8.`);
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw new ApiError(415, `The body is encoded as ${encoding.slice(0, 100)}: send it as it is.`);
  }
  const bytes = await bytesOf(request, limit);
  try {
    if (type === "application/json") return parseJson(new Uint8Array(bytes));
    return await fieldsOf(await bufferToFormData(bytes, given!), schema);
  } catch (cause) {
    const { message } = cause as Error;
    const fault = cause instanceof JsonError ? "" : "cannot be read as a multipart form: ";
    throw new ApiError(400, `The body ${fault}${message}.`, { cause });
  }
}

/** @throws ApiError 413 if the body is larger than `limit` bytes, 400 if it is cut off */
async function bytesOf(request: Request, limit: number): Promise<ArrayBuffer> {
  const tooLarge = new ApiError(
    413,
    `The body has more than the ${limit} bytes that this server reads. Send several requests, or smaller images.`,
  );
  const length = request.headers.get("content-length");
  if (Number(length) > limit) throw tooLarge;
  try {
    if (length !== null) return await request.arrayBuffer();
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > limit) throw tooLarge;
      parts.push(part);
    }
    return Uint8Array.from(Buffer.concat(parts)).buffer;
  } catch (cause) {
    if (cause === tooLarge) throw tooLarge;
    throw new ApiError(400, `The body was cut off: ${(cause as Error).message}.`, { cause });
  }
}
