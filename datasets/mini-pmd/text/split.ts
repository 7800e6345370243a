import { orderedBy, share } from "../seeded.js";

export type Split = "train" | "dev" | "test";

/**
 * The split of a group (a lemma, a source package, a book): 80 % train, 10 % dev, 10 % test. Used by training texts
 * and labeled sets alike, so that test data is never trained on.
 */
export function splitOf(kind: string, group: string): Split {
  const place = share(`${kind}/${group}`);
  return place < 0.8 ? "train" : place < 0.9 ? "dev" : "test";
}

/**
 * Splits the members of one class: in the order of their seeded numbers, the first 10 % (at least one) are for testing, the
 * next 10 % for development. For classes too small to leave to chance.
 */
export function splitsWithin(kind: string, members: readonly string[]): Map<string, Split> {
  const ordered = orderedBy(members, (member) => share(`${kind}/${member}`));
  const tenth = Math.max(1, Math.round(members.length / 10));
  return new Map(
    ordered.map((member, index) => [
      member,
      index < tenth ? "test" : index < 2 * tenth ? "dev" : "train",
    ]),
  );
}
