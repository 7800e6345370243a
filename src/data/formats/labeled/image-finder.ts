import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoredImage } from "../../labeled-sample.js";

/** Finds the image of a name in a table; undefined if it is not there. */
export type ImageFinder = (name: string) => Promise<StoredImage | undefined>;

/** Finds images by their paths from a folder. */
export function imagesIn(folder: string): ImageFinder {
  return async (name) => {
    const file = join(folder, name);
    return (await stat(file).catch(() => undefined)) ? { file } : undefined;
  };
}
