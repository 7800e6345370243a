/** Retrieval with and without re-ranking by the matching head. */
import { join } from "node:path";
import { load } from "../src/api/load.js";
import { packagePath } from "../src/base/package-root.js";
import { openSource } from "../src/data/formats/open.js";
import { decodeImage } from "../src/data/image/decode.js";
import type { Image } from "../src/data/image/image.js";
import { similaritiesOfEach, highest } from "../src/inference/similarity.js";

/** Candidates that are matched. */
const depths = [10, 20] as const;

interface Direction {
  /** R@1 of the embeddings, and with so many candidates re-ranked. */
  readonly embeddings: number;
  readonly reranked: readonly number[];
  /** Share of queries with a right candidate among the first so many: no re-ranking exceeds it. */
  readonly within: readonly number[];
}

/** Prints R@1 of the retrieval set that ships, in both directions. */
export async function benchReranking(model?: string): Promise<void> {
  const source = await openSource(
    join(packagePath("samples"), "mini-pmd", "evaluation", "retrieval-ph"),
  );
  const images: Image[] = [];
  const textsOf: string[][] = [];
  for await (const { image, texts } of source.read()) {
    if (!image || texts.length === 0) continue;
    images.push(await decodeImage(image));
    textsOf.push([...texts]);
  }
  const texts = [...new Set(textsOf.flat())];
  const flava = await load(model);
  const { embedder, width } = flava;
  const imageVectors = await embedder.images(images);
  const textVectors = await embedder.texts(texts);
  const match = (pairs: readonly (readonly [number, number])[]): Promise<Float32Array> =>
    embedder.match(
      pairs.map(([image]) => images[image]!),
      pairs.map(([, text]) => texts[text]!),
    );
  const isRight = (image: number, text: number): boolean => textsOf[image]!.includes(texts[text]!);
  console.log(`retrieval-ph: ${images.length} images, ${texts.length} texts; R@1 in %`);
  console.log("direction, embeddings, re-ranked 10, re-ranked 20, within 10, within 20");
  const directions = {
    "text to image": await direction(
      similaritiesOfEach(embedder.backend, textVectors, imageVectors, width),
      (query, candidate) => isRight(candidate, query),
      (query, found) => match(found.map((image) => [image, query])),
    ),
    "image to text": await direction(
      similaritiesOfEach(embedder.backend, imageVectors, textVectors, width),
      (query, candidate) => isRight(query, candidate),
      (query, found) => match(found.map((text) => [query, text])),
    ),
  };
  for (const [name, { embeddings, reranked, within }] of Object.entries(directions)) {
    const shares = [embeddings, ...reranked, ...within].map((share) => (100 * share).toFixed(1));
    console.log(`${name}, ${shares.join(", ")}`);
  }
  await flava.close();
}

async function direction(
  similarities: ReturnType<typeof similaritiesOfEach>,
  isRight: (query: number, candidate: number) => boolean,
  match: (query: number, candidates: readonly number[]) => Promise<Float32Array>,
): Promise<Direction> {
  let [queries, embeddings] = [0, 0];
  const reranked = depths.map(() => 0);
  const within = depths.map(() => 0);
  for await (const { query, scores } of similarities) {
    const found = highest(scores, Math.max(...depths));
    const probabilities = await match(query, found);
    queries++;
    embeddings += Number(isRight(query, found[0]!));
    for (const [i, depth] of depths.entries()) {
      const [best] = highest(probabilities.subarray(0, depth), 1);
      reranked[i]! += Number(isRight(query, found[best!]!));
      within[i]! += Number(found.slice(0, depth).some((candidate) => isRight(query, candidate)));
    }
  }
  const share = (count: number): number => count / queries;
  return {
    embeddings: share(embeddings),
    reranked: reranked.map(share),
    within: within.map(share),
  };
}
