/** `Promise.all` over `items` with at most `limit` of them under way. Rejects with the first error. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  limit: number,
  f: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries(); // shared: each line takes the next one that nobody has taken
  const line = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await f(item, index);
  };
  await Promise.all(Array.from({ length: limit }, line));
  return results;
}
