import { unusable } from "../http/api-error.js";
import type { HostFetcher } from "./host-fetcher.js";

/**
 * The bytes of an image as a client sends it: an uploaded file, a data: URL, or the URL of an allowed host.
 *
 * @param param the field, for errors
 * @param fetcher fetches from allowed hosts, if any
 * @throws ApiError 422 if it is another text
 */
export async function imageBytes(
  given: string | Uint8Array,
  param: string,
  fetcher: HostFetcher | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (typeof given !== "string") return given;
  if (isDataUrl(given)) return dataOf(given, param);
  if (fetcher && /^https?:/i.test(given)) return fetcher.fetch(given, param, signal);
  throw unusable(
    param,
    `expected an image as a data: URL (data:image/png;base64,...) or an uploaded file, but got ` +
      `${JSON.stringify(given.slice(0, 40))}. Paths are not read, and nothing is downloaded from hosts that the server does ` +
      "not allow by name (--allow-host).",
  );
}

/** Whether a text is a data: URL, rather than a sentence that begins so. */
export const isDataUrl = (text: string): boolean =>
  /^data:([\w.+-]+\/[\w.+-]+)?(;[\w.+=-]+)*,/i.test(text.slice(0, 200));

function dataOf(url: string, param: string): Uint8Array {
  const comma = url.indexOf(",");
  const [type = "", ...parameters] = url.slice("data:".length, comma).toLowerCase().split(";");
  if (!/^(image\/|application\/octet-stream$|$)/.test(type)) {
    throw unusable(param, `expected an image, but got a data: URL of ${type.slice(0, 60)}.`);
  }
  const content = url.slice(comma + 1);
  if (parameters.includes("base64")) return decoded(content, param);
  try {
    return Buffer.from(decodeURIComponent(content));
  } catch (cause) {
    throw unusable(param, "the data: URL has a broken % escape.", cause);
  }
}

/** Buffer.from ignores other characters, and would give another file without a word. */
function decoded(content: string, param: string): Uint8Array {
  const other = /[^A-Za-z0-9+/=_\s-]/.exec(content);
  if (!other) return Buffer.from(content, "base64");
  throw unusable(
    param,
    `expected base64 after the comma of the data: URL, but it has the character ${JSON.stringify(other[0])}.`,
  );
}
