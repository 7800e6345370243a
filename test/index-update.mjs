/** A sequence of updates of an index, the same every time. */

export const width = 8;
const keys = 13;

/** Update number `number`: every fourth deletes a key, the others put one or several. */
export function updateOf(number) {
  if (number % 4 === 3) return { deleted: [`k${(number * 5) % keys}`] };
  const put = Array.from({ length: 1 + (number % 3) }, (_, i) => {
    const image = Float32Array.from({ length: width }, (_, d) => Math.sin(number + 7 * i + d));
    return { key: `k${(number + i) % keys}`, text: String(number), image };
  });
  return { put };
}

/** The samples after the first `count` updates, by key. */
export function rowsAfter(count) {
  const rows = new Map();
  for (let number = 0; number < count; number++) {
    const { put = [], deleted = [] } = updateOf(number);
    for (const row of put) rows.set(row.key, row);
    for (const key of deleted) rows.delete(key);
  }
  return rows;
}
