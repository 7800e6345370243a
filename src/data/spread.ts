/** At most `most` of a list, at equal distances: of images that are sorted by their classes, some of all classes. */
export function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  const before = (index: number): number => Math.floor((index * most) / items.length);
  return most >= items.length
    ? items
    : items.filter((_, index) => before(index + 1) > before(index));
}
