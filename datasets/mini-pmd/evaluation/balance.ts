/** Balanced choices, so that answers cannot be guessed from the visible part. */

/**
 * For each group, the same number of items with every answer: as many as the rarest has, at most `most`. Groups that lack
 * one of `answers` are left out; without `answers`, at least two must occur in the group.
 */
export function balanced<Item>(
  items: readonly Item[],
  groupOf: (item: Item) => string,
  answerOf: (item: Item) => string,
  most: number,
  answers?: readonly string[],
): Item[] {
  const groups = new Map<string, Map<string, Item[]>>();
  for (const item of items) {
    const group = groups.get(groupOf(item)) ?? new Map<string, Item[]>();
    groups.set(groupOf(item), group);
    const own = group.get(answerOf(item));
    if (own) own.push(item);
    else group.set(answerOf(item), [item]);
  }
  return [...groups.values()].flatMap((group) => {
    const lacks = answers?.some((answer) => !group.has(answer)) ?? group.size < 2;
    if (lacks) return [];
    const lists = [...group.values()];
    const each = Math.min(most, ...lists.map(({ length }) => length));
    return lists.flatMap((list) => list.slice(0, each));
  });
}

/** The accuracy of guessing the most frequent answer for what `shown` gives of an item, without seeing anything else. */
export function bestGuess<Item>(
  items: readonly Item[],
  shown: (item: Item) => string,
  answerOf: (item: Item) => string,
): number {
  const groups = new Map<string, Map<string, number>>();
  for (const item of items) {
    const counts = groups.get(shown(item)) ?? new Map<string, number>();
    groups.set(shown(item), counts);
    counts.set(answerOf(item), (counts.get(answerOf(item)) ?? 0) + 1);
  }
  const hits = [...groups.values()].reduce((sum, counts) => sum + Math.max(...counts.values()), 0);
  return items.length === 0 ? 0 : hits / items.length;
}
