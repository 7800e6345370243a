/** Images with names, on which zero-shot classification is measured during training. */
import type { SampleSet } from "../../data/batch/sample-set.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { Sample } from "../../data/sample.js";
import { heldOutSamples } from "./held-out-samples.js";
import type { Log } from "./stage.js";

/** Images and the concepts that they show. */
export interface NamedImages {
  /** Files; decoded when they are used. */
  readonly images: readonly Uint8Array[];
  readonly classes: readonly string[];
}

const mostImages = 1000;
/** Most samples of a set that are searched for concepts. */
const mostRead = 100_000;

/** Some images of the sets, no two of the same concept; undefined if the sets name no concepts. */
export async function namedImages(
  sets: readonly SampleSet[],
  log: Log,
  signal?: AbortSignal,
): Promise<NamedImages | undefined> {
  const found = new Map<string, Uint8Array>();
  const skipped = new SkippedSamples();
  const uses = ({ fields: { concept } }: Sample): boolean =>
    typeof concept === "string" && !found.has(concept);
  const samples = heldOutSamples(sets, { most: mostRead, uses, skipped, signal });
  for await (const { image, fields } of samples) {
    found.set(fields.concept as string, image);
    if (found.size === mostImages) break;
  }
  if (skipped.total > 0) log(`Zero-shot validation: ${skipped.summary(found.size)}`);
  if (found.size < 2) return undefined;
  return { images: [...found.values()], classes: [...found.keys()] };
}
