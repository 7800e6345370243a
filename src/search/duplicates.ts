/** Duplicates among images: the same bytes, or embeddings that are very similar. */
import type { CallOptions } from "../base/call-options.js";
import type { Backend } from "../backend/backend.js";
import { similaritiesOfEach } from "../inference/similarity.js";
import type { IndexEntry } from "./vector-index.js";

/** Images that are alike; a group is whole if each is like some other of it. */
export interface DuplicateGroup {
  /** Whether all have the same content. */
  readonly exact: boolean;
  /** In their order in the data set. */
  readonly entries: readonly IndexEntry[];
  /** The least similarity by which the group holds together; 1 if it is exact. */
  readonly similarity: number;
}

/** How alike near-duplicates are. Progress is in images. */
export interface DuplicateOptions extends CallOptions {
  /** Cosine similarity from which two images are near-duplicates; default: 0.98. More than 1 for exact ones alone. */
  readonly threshold?: number;
}

/**
 * Groups of duplicates, in the order of their first image.
 *
 * @param entries with the digest of their `content`
 * @param vectors their embeddings, float32 [N, width] of length 1
 */
export async function findDuplicates(
  backend: Backend,
  entries: readonly IndexEntry[],
  vectors: Float32Array,
  { threshold = 0.98, signal, onProgress }: DuplicateOptions = {},
): Promise<DuplicateGroup[]> {
  const groups = new Groups(entries.length);
  const firstOf = new Map<string, number>();
  for (const [index, { content }] of entries.entries()) {
    if (content === undefined) continue;
    const first = firstOf.get(content) ?? index;
    firstOf.set(content, first);
    groups.join(first, index, 1);
  }
  if (threshold <= 1 && entries.length > 1) {
    const width = vectors.length / entries.length;
    const all = similaritiesOfEach(backend, vectors, vectors, width, signal);
    for await (const { query, scores } of all) {
      for (let other = query + 1; other < scores.length; other++) {
        if (scores[other]! >= threshold) groups.join(query, other, scores[other]!);
      }
      onProgress?.(query + 1, entries.length);
    }
  }
  return groups.found().map(({ members, similarity }) => {
    const own = members.map((index) => entries[index]!);
    const [{ content } = {}] = own;
    const exact = content !== undefined && own.every((entry) => entry.content === content);
    return { exact, entries: own, similarity: exact ? 1 : Math.min(1, similarity) };
  });
}

/** Disjoint sets of numbers (union-find), with the least similarity that joined each. */
class Groups {
  readonly #parents: Int32Array;
  readonly #similarities: Float32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, index) => index);
    this.#similarities = new Float32Array(count).fill(1);
  }

  join(a: number, b: number, similarity: number): void {
    const [first, second] = [this.#root(a), this.#root(b)].sort((x, y) => x - y) as [
      number,
      number,
    ];
    if (first === second) return;
    this.#parents[second] = first;
    const least = Math.min(similarity, this.#similarities[second]!, this.#similarities[first]!);
    this.#similarities[first] = least;
  }

  /** The sets of at least two, in the order of their first members. */
  found(): { readonly members: number[]; readonly similarity: number }[] {
    const byRoot = new Map<number, number[]>();
    for (const index of this.#parents.keys()) {
      const root = this.#root(index);
      const members = byRoot.get(root) ?? [];
      members.push(index);
      byRoot.set(root, members);
    }
    return [...byRoot]
      .filter(([, members]) => members.length > 1)
      .map(([root, members]) => ({ members, similarity: this.#similarities[root]! }));
  }

  #root(index: number): number {
    const parents = this.#parents;
    while (parents[index]! !== index) {
      parents[index] = parents[parents[index]!]!;
      index = parents[index]!;
    }
    return index;
  }
}
