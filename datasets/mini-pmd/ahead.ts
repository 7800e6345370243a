/**
 * Works on the values of `source` ahead of the consumer: at most `depth` at once, results in order. A failure
 * is raised in place of its result.
 */
export async function* ahead<Value, Result>(
  source: AsyncIterable<Value> | Iterable<Value>,
  depth: number,
  work: (value: Value) => Promise<Result>,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  for await (const value of source) {
    const result = work(value);
    result.catch(() => undefined); // reported when the result is taken
    pending.push(result);
    if (pending.length >= depth) yield await pending.shift()!;
  }
  for (const result of pending) yield await result;
}
