import type { SkippedSamples } from "../batch/skipped.js";
import type { LabeledSample, StoredImage } from "../labeled-sample.js";
import { ImageError } from "../image/image-error.js";
import { decodeImage } from "../image/decode.js";
import type { Image } from "../image/image.js";
import { isPlace } from "../image-place.js";
import { bytesAt } from "../formats/read-place.js";
import { reasonOf } from "../formats/source-error.js";

/**
 * The bytes of an image file.
 * @throws ImageError if they cannot be read
 */
export async function readStored(stored: StoredImage): Promise<Uint8Array> {
  if (!isPlace(stored)) return stored;
  try {
    return await bytesAt(stored);
  } catch (error) {
    throw new ImageError("unreadable", `${stored.file} cannot be read: ${reasonOf(error)}`);
  }
}

/** The image of a sample; undefined, and added to `skipped`, if it cannot be used. */
export async function decodeSample(
  sample: LabeledSample,
  skipped: SkippedSamples,
): Promise<Image | undefined> {
  const { image } = sample;
  if (!image) {
    skipped.add(sample, "missing", "it has no image.");
    return undefined;
  }
  try {
    return await decodeImage(await readStored(image));
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    skipped.add(sample, error.reason, error.message);
    return undefined;
  }
}
