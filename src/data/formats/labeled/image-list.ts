/** Labeled image files, listed before any is read. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { LabeledSource } from "../../labeled-source.js";
import { stemOf } from "../record-source.js";
import { SourceError } from "../source-error.js";

export interface ListedImage {
  /** Relative to the folder of the list, with "/". */
  readonly file: string;
  readonly label: string;
}

/**
 * The images of a list, in its order; keys are paths without extensions.
 * @throws SourceError if the list is empty
 */
export function imageList(
  name: string,
  folder: string,
  images: readonly ListedImage[],
): LabeledSource {
  if (images.length === 0) throw new SourceError(`${name} lists no images.`);
  return {
    name,
    samples: images.length,
    async *read(skipped) {
      for (const { file, label } of images) {
        const path = join(folder, file);
        const [key, found] = [stemOf(file), await stat(path).catch(() => undefined)];
        if (!found?.isFile()) skipped?.add({ key }, "missing", `${path} is not there.`);
        else if (found.size === 0) skipped?.add({ key }, "empty", `${path} is empty.`);
        else yield { key, image: { file: path }, target: { kind: "class", label } };
      }
    },
  };
}
