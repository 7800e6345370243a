import { unusable } from "../http/api-error.js";

/**
 * The bytes of an image as a client sends it.
 *
 * @param param the field, for errors
 * @throws ApiError 422 if it is a text that is no data: URL of an image
 */
export function imageBytes(given: string | Uint8Array, param: string): Uint8Array {
  if (typeof given !== "string") return given;
  if (!isDataUrl(given)) {
    throw unusable(
      param,
      `expected an image as a data: URL (data:image/png;base64,...) or an uploaded file, but got ${shown(given)}. ` +
        "Paths and URLs are not read.",
    );
  }
  const comma = given.indexOf(",");
  const [type = "", ...parameters] = given.slice("data:".length, comma).toLowerCase().split(";");
  if (!/^(image\/|application\/octet-stream$|$)/.test(type)) {
    throw unusable(param, `expected an image, but got a data: URL of ${type.slice(0, 60)}.`);
  }
  const content = given.slice(comma + 1);
  if (parameters.includes("base64")) return Buffer.from(content, "base64");
  return Buffer.from(decoded(content, param));
}

/** Whether a text is a data: URL, rather than a sentence that begins so. */
export const isDataUrl = (text: string): boolean =>
  /^data:([\w.+-]+\/[\w.+-]+)?(;[\w.+=-]+)*,/i.test(text.slice(0, 200));

function decoded(content: string, param: string): string {
  try {
    return decodeURIComponent(content);
  } catch (cause) {
    throw unusable(param, "the data: URL has a broken % escape.", cause);
  }
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 40));
