/** Several image files, of which some may be damaged. */
import { counted } from "../base/counted.js";
import type { SkippedSamples } from "../data/batch/skipped.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import { imagesAtOnce, readImage } from "./image-input.js";

/** An image file, decoded. */
interface ReadableImage {
  readonly path: string;
  readonly image: Image;
}

interface AnswerOptions {
  /** Notes the images that cannot be used. */
  readonly skipped: SkippedSamples;
  /** Called with the number of images done, used or not, and of all, while there are more to come. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * What a model says of image files, in order, without those that cannot be used.
 *
 * @param answer gives an answer for each of a few decoded images
 * @throws ImageError if there is only one file, and it cannot be used; NoUsableSampleError if none of several can be
 */
export async function answersForImages<Answer>(
  paths: readonly string[],
  answer: (images: readonly Image[]) => Promise<readonly Answer[]>,
  { skipped, onProgress }: AnswerOptions,
): Promise<{ readonly path: string; readonly answer: Answer }[]> {
  const found: { readonly path: string; readonly answer: Answer }[] = [];
  for (let start = 0; start < paths.length; start += imagesAtOnce) {
    const some = await readable(paths.slice(start, start + imagesAtOnce), paths.length, skipped);
    const answers = some.length === 0 ? [] : await answer(some.map(({ image }) => image));
    found.push(...some.map(({ path }, index) => ({ path, answer: answers[index]! })));
    const done = start + imagesAtOnce;
    if (done < paths.length) onProgress(done, paths.length);
  }
  skipped.requireUsed(`The list of ${counted(paths.length, "image")}`, found.length);
  return found;
}

/** Decodes a few of `total` files. */
async function readable(
  paths: readonly string[],
  total: number,
  skipped: SkippedSamples,
): Promise<ReadableImage[]> {
  const read = await Promise.all(
    paths.map(async (path) => ({
      path,
      image: await readImage(path).catch((error: unknown) => {
        if (error instanceof ImageError && total > 1) return error;
        throw error;
      }),
    })),
  );
  return read.flatMap(({ path, image }): readonly ReadableImage[] => {
    if (!(image instanceof ImageError)) return [{ path, image }];
    const { message } = image.cause instanceof ImageError ? image.cause : image; // without the path
    skipped.add({ key: path }, image.reason, message);
    return [];
  });
}
