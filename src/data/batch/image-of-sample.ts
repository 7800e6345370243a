import { SampleError } from "../formats/source-error.js";
import { decodeImage } from "../image/decode.js";
import { ImageError } from "../image/image-error.js";
import type { Image } from "../image/image.js";
import type { SampleName } from "./skipped.js";

/**
 * The decoded image of a sample.
 * @throws SampleError if it cannot be decoded
 */
export async function imageOfSample({ key, where }: SampleName, image: Uint8Array): Promise<Image> {
  try {
    return await decodeImage(image);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new SampleError(key, error.reason, error.message, where);
  }
}
