/** Several image files, of which some may be damaged. */
import { counted } from "../base/counted.js";
import type { SkippedSamples } from "../data/batch/skipped.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import { imagesAtOnce, readImage } from "./image-input.js";

/** An image file, decoded. */
export interface ReadableImage {
  readonly path: string;
  readonly image: Image;
}

/**
 * Decodes image files, some at a time and in order. Those that cannot be used are noted in `skipped`.
 *
 * @throws ImageError if there is only one file, and it cannot be used; NoUsableSampleError if none of several can be
 */
export async function* readableImages(
  paths: readonly string[],
  skipped: SkippedSamples,
): AsyncGenerator<readonly ReadableImage[]> {
  let used = 0;
  for (let start = 0; start < paths.length; start += imagesAtOnce) {
    const some = paths.slice(start, start + imagesAtOnce);
    const read = await Promise.all(
      some.map(async (path) => ({
        path,
        image: await readImage(path).catch((error: unknown) => {
          if (error instanceof ImageError && paths.length > 1) return error;
          throw error;
        }),
      })),
    );
    const readable = read.flatMap(({ path, image }): readonly ReadableImage[] => {
      if (!(image instanceof ImageError)) return [{ path, image }];
      const { message } = image.cause instanceof ImageError ? image.cause : image; // without the path
      skipped.add({ key: path }, image.reason, message);
      return [];
    });
    used += readable.length;
    if (readable.length > 0) yield readable;
  }
  skipped.requireUsed(`The list of ${counted(paths.length, "image")}`, used);
}
