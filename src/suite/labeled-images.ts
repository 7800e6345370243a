/** Labeled images of a task as a source of samples. */
import { open } from "node:fs/promises";
import type { SkippedSamples } from "../data/batch/skipped.js";
import type { SampleSource } from "../data/formats/source.js";
import { reasonOf } from "../data/formats/source-error.js";
import type { LabeledSample, StoredImage } from "../data/labeled-sample.js";
import type { LabeledSource } from "../data/labeled-source.js";
import type { Sample } from "../data/sample.js";

/** The samples of several parts, one after another, with the names of their classes as labels. */
export function labeledImages(parts: readonly LabeledSource[]): SampleSource {
  return {
    name: parts.map(({ name }) => name).join(" and "),
    async *read(skipped) {
      for (const [index, part] of parts.entries()) {
        for await (const labeled of part.read(skipped)) {
          const sample = await sampleOf(labeled, skipped);
          if (sample)
            yield { ...sample, key: parts.length > 1 ? `${index}/${sample.key}` : sample.key };
        }
      }
    },
    count: () => Promise.resolve(samplesOf(parts)),
  };
}

/** The number of samples of several parts. */
export const samplesOf = (parts: readonly LabeledSource[]): number =>
  parts.reduce((sum, { samples }) => sum + samples, 0);

async function sampleOf(
  { key, image, target }: LabeledSample,
  skipped: SkippedSamples | undefined,
): Promise<Sample | undefined> {
  try {
    return {
      key,
      ...(image && { image: image instanceof Uint8Array ? image : await bytesAt(image) }),
      texts: [],
      ...(target?.kind === "class" && { label: target.label }),
      fields: {},
    };
  } catch (error) {
    skipped?.add(key, "unreadable", reasonOf(error));
    return undefined;
  }
}

async function bytesAt(stored: Exclude<StoredImage, Uint8Array>): Promise<Uint8Array> {
  const { path, start = 0 } = stored;
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(stored.length ?? (await file.stat()).size - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    if (bytesRead === bytes.length) return bytes;
    throw new Error(`${path} ends ${bytes.length - bytesRead} bytes too early.`);
  } finally {
    await file.close();
  }
}
