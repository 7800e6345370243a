import { SkippedSamples } from "../../data/batch/skipped.js";
import { type SampleVectors, dealtVectors } from "../../inference/dealt-vectors.js";
import { requireSame } from "../../parallel/agreement.js";
import { digestOf, readRows } from "../embedding-store.js";
import type { EvaluatorContext } from "./embed-images.js";

/** Texts embedded between two saves of progress. */
const textsPerCall = 4096;

/**
 * Unit-length embeddings of texts, of which those that are not in the store are computed: float32 [N, width].
 * @throws Error if processes have other texts
 */
export async function embedTexts(
  context: EvaluatorContext,
  texts: readonly string[],
): Promise<Float32Array> {
  const { texts: store } = context.stores;
  await requireSame(context.backend.communicator, { texts });
  const digests = texts.map((text) => digestOf(text));
  const missing = [...digests.keys()].filter((index) => store.rowOf(digests[index]!) === undefined);
  for (let first = 0; first < missing.length; first += textsPerCall) {
    const some = missing.slice(first, first + textsPerCall);
    for (const { sample, vectors } of await embedded(context, some, texts)) {
      await store.add(digests[sample]!, vectors.text!);
    }
  }
  return readRows(store, digests);
}

/** The vectors of the texts at some places. */
async function embedded(
  { embedder, backend, signal }: EvaluatorContext,
  places: readonly number[],
  texts: readonly string[],
): Promise<readonly SampleVectors<number>[]> {
  const compute = async (own: readonly number[]): Promise<SampleVectors<number>[]> => {
    const asked = own.map((place) => texts[place]!);
    const vectors = await embedder.texts(asked, { signal });
    return own.map((place, index) => ({
      sample: place,
      vectors: { text: vectors.subarray(index * embedder.width, (index + 1) * embedder.width) },
    }));
  };
  const { communicator: processes } = backend;
  return processes
    ? dealtVectors(processes, places, new SkippedSamples(), compute)
    : compute(places);
}
