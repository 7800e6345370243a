import { digestOf, readRows } from "../embedding-store.js";
import type { EvaluatorContext } from "./embed-images.js";

/** Texts embedded between two saves of progress. */
const textsPerCall = 4096;

/** Unit-length embeddings of texts, of which those that are not in the store are computed: float32 [N, width]. */
export async function embedTexts(
  { embedder, stores: { texts: store }, signal }: EvaluatorContext,
  texts: readonly string[],
): Promise<Float32Array> {
  const digests = texts.map((text) => digestOf(text));
  const missing = [...digests.keys()].filter((index) => store.rowOf(digests[index]!) === undefined);
  for (let first = 0; first < missing.length; first += textsPerCall) {
    const some = missing.slice(first, first + textsPerCall);
    const vectors = await embedder.texts(
      some.map((index) => texts[index]!),
      { signal },
    );
    for (const [place, index] of some.entries()) {
      const from = place * store.width;
      await store.add(digests[index]!, vectors.subarray(from, from + store.width));
    }
  }
  return readRows(
    store,
    Int32Array.from(digests, (digest) => store.rowOf(digest)!),
  );
}
