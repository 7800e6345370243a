/** `Promise.all` over `items` with at most `limit` in flight. Rejects with the first error. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  limit: number,
  f: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries(); // shared: each worker takes the next entry
  const line = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await f(item, index);
  };
  await Promise.all(Array.from({ length: limit }, line));
  return results;
}
