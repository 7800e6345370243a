/** Requests to the server that this page came from. */
import type { ErrorResponse } from "../../../src/serve/schemas/error.js";
import { storedKey } from "./key.js";

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/** Why the server refused a request, in its own words. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor(
    message: string,
    /** The status of the answer, such as 401 for a missing API key. */
    readonly status: number,
    /** The field of the request at fault, such as "images[2]". */
    readonly param: string | null = null,
  ) {
    super(message);
  }
}

/** The server cannot be reached. */
class UnansweredError extends Error {
  override readonly name = "UnansweredError";
}

/** Whether the same request may succeed later: the server did not answer, was busy or failed. */
export const mayPass = (error: Error): boolean =>
  error instanceof UnansweredError ||
  (error instanceof RefusedError && (error.status === 429 || error.status >= 500));

/** @throws RefusedError if the server refuses */
export const get = async <Response>(
  path: string,
  { signal }: RequestOptions = {},
): Promise<Response> => {
  const response = await answerTo(path, { ...(signal && { signal }) });
  return response.json() as Promise<Response>;
};

/** @throws RefusedError if the server refuses */
export const post = async <Response>(
  path: string,
  body: object,
  { signal }: RequestOptions = {},
): Promise<Response> => {
  const response = await answerTo(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  return response.json() as Promise<Response>;
};

/**
 * The content of a file.
 * @throws RefusedError if the server refuses
 */
export const getFile = async (path: string, { signal }: RequestOptions = {}): Promise<Blob> => {
  const response = await answerTo(path, { ...(signal && { signal }) });
  return response.blob();
};

async function answerTo(path: string, init: RequestInit): Promise<Response> {
  const key = storedKey();
  const headers = new Headers(init.headers);
  // A header takes no other characters; the server then says that it does not know the key.
  if (key !== null) headers.set("authorization", `Bearer ${key.replace(/[^ -~]/g, "?")}`);
  const response = await fetch(path, { ...init, headers }).catch((cause: unknown) => {
    if (init.signal?.aborted) throw cause;
    throw new UnansweredError("The server does not answer. Is flava serve still running?", {
      cause,
    });
  });
  if (response.ok) return response;
  const content = (await response.json().catch(() => undefined)) as ErrorResponse | undefined;
  const { message, param } = content?.error ?? {
    message: `The server answered with status ${response.status}.`,
    param: null,
  };
  throw new RefusedError(inWords(message, param), response.status, param);
}

/** A message for people, who know of no field for the image that they see. */
const inWords = (message: string, param: string | null): string =>
  param?.startsWith("image") ? message.replace(`${param}: `, "") : message;
