import { createHash } from "node:crypto";

/** A number in [0, 1) that depends only on the text: the same on every machine and in every run. */
export function share(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}

/** The number of a key, a different one for each purpose. */
export function seededUnit(purpose: string, key: string): number {
  return share(`${purpose}\0${key}`);
}

/** The items sorted by `placeOf`, which is called once for each. */
export function orderedBy<Item>(items: readonly Item[], placeOf: (item: Item) => number): Item[] {
  return items
    .map((item) => ({ item, place: placeOf(item) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
