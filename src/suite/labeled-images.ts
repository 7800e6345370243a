/** The labeled samples of a task. */
import type { SkippedSamples } from "../data/batch/skipped.js";
import type { SampleSource } from "../data/formats/source.js";
import { ImageError } from "../data/image/image-error.js";
import { readStored } from "../data/labeled/stored-image.js";
import type { LabeledSample } from "../data/labeled-sample.js";
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

/** All samples of some parts; images stay in their files where they can. */
export async function readSamples(
  parts: readonly LabeledSource[],
  skipped: SkippedSamples,
): Promise<LabeledSample[]> {
  const samples: LabeledSample[] = [];
  for (const part of parts) for await (const sample of part.read(skipped)) samples.push(sample);
  return samples;
}

async function sampleOf(
  sample: LabeledSample,
  skipped: SkippedSamples | undefined,
): Promise<Sample | undefined> {
  const { key, image, target } = sample;
  try {
    return {
      key,
      ...(image && { image: await readStored(image) }),
      texts: [],
      ...(target?.kind === "class" && { label: target.label }),
      fields: {},
    };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    skipped?.add(sample, error.reason, error.message);
    return undefined;
  }
}
