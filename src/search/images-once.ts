/** Each image once, where several entries are of one: a table may name an image in a row for each caption. */
import type { Hit, IndexEntry } from "./vector-index.js";

/**
 * The nearest hits of some queries, each image once, by the path of its file.
 *
 * @param top how many hits each query is to have
 * @param search the nearest entries of each query, this many or all there are
 */
export async function imagesOnce(
  top: number,
  search: (top: number) => Promise<Hit[][]>,
): Promise<Hit[][]> {
  for (let asked = top; ;) {
    const found = await search(asked);
    const once = found.map(eachImageOnce);
    const tooFew = once.some((hits, query) => hits.length < top && found[query]!.length === asked);
    if (!tooFew) return once.map((hits) => hits.slice(0, top));
    const repeats = found.map((hits, query) => hits.length / once[query]!.length);
    asked = Math.ceil(1.5 * top * Math.max(...repeats)); // images far away may have more texts
  }
}

/** The first entry of each image. */
export function eachImageOnce<Entry extends Pick<IndexEntry, "path">>(
  entries: readonly Entry[],
): Entry[] {
  const seen = new Set<string>();
  return entries.filter(({ path }) => {
    if (path === undefined) return true;
    const isNew = !seen.has(path);
    seen.add(path);
    return isNew;
  });
}
