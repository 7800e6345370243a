/** PatchCamelyon's HDF5 files: images x, [N, 96, 96, 3], and labels y, [N, 1, 1, 1]. */
import type { Dataset, File } from "h5wasm/node";
import { encodePnm } from "../../image/codecs/pnm.js";
import { exists } from "../../../base/exists.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { classAt } from "../labeled/class-names.js";
import { rawImages } from "./raw-images.js";

/** Images that are unpacked together; HDF5 stores them in chunks. */
const blockImages = 64;

/**
 * The images of an HDF5 file with the labels of another.
 * @throws SourceError if a file is damaged or of another form, or they differ in number
 */
export async function pcamImages(
  imagePath: string,
  labelPath: string,
  classes: readonly string[],
): Promise<LabeledSource> {
  const [samples, height, width] = await using(imagePath, "x", 4, ({ shape }) => shape!);
  const labels = await using(labelPath, "y", 4, ({ value }) => bytesOf(labelPath, value));
  if (labels.length !== samples)
    throw new SourceError(
      `${imagePath} has ${samples} images, but ${labelPath} has ${labels.length} labels.`,
    );
  const imageBytes = height! * width! * 3;
  return rawImages(imagePath, samples, async function* () {
    for (let start = 0; start < samples; start += blockImages) {
      const end = Math.min(start + blockImages, samples);
      const block = await using(imagePath, "x", 4, (dataset) =>
        bytesOf(imagePath, dataset.slice([[start, end], [], [], []])),
      );
      for (let index = start; index < end; index++) {
        const from = (index - start) * imageBytes;
        const label = classAt(classes, labels[index]!, `${labelPath}, label ${index},`);
        const pixels = block.subarray(from, from + imageBytes);
        yield { key: String(index), label, image: encodePnm(width!, height!, 3, pixels) };
      }
    }
  });
}

function bytesOf(path: string, values: unknown): Uint8Array {
  if (values instanceof Uint8Array) return values;
  throw new SourceError(`${path} holds something other than bytes.`);
}

/** Opens a dataset of a file for as long as `use` runs. The library is loaded when it is first needed. */
async function using<Result>(
  path: string,
  name: string,
  axes: number,
  use: (dataset: Dataset) => Result,
): Promise<Result> {
  if (!(await exists(path))) throw new SourceError(`${path} is not there.`);
  const { default: h5wasm } = await import("h5wasm/node");
  (await h5wasm.ready).activate_throwing_error_handler();
  let file: File | undefined;
  try {
    file = new h5wasm.File(path, "r");
    const found = file.get(name);
    if (!(found instanceof h5wasm.Dataset) || found.shape?.length !== axes)
      throw new SourceError(`it has no dataset ${name} with ${axes} axes`);
    return use(found);
  } catch (error) {
    // The library's own errors are traces of its calls.
    const reason = error instanceof SourceError ? error.message : "it is no HDF5, or cut off";
    throw new SourceError(
      `${path} cannot be read as PatchCamelyon's HDF5: ${reason}. Unpack it if it ends in .gz; else it is damaged.`,
    );
  } finally {
    file?.close();
  }
}
