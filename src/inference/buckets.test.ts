import fc from "fast-check";
import { expect, it } from "vitest";
import { bucketsOf } from "./buckets.js";

it("groups similar lengths and rounds up the remainder", () => {
  expect(bucketsOf([3, 9, 8, 20, 2, 5], { batch: 2, longest: 24 })).toEqual([
    { rows: [0, 2], batch: 2, length: 8 },
    { rows: [4, 5], batch: 2, length: 8 },
    { rows: [1], batch: 1, length: 16 },
    { rows: [3], batch: 1, length: 24 },
  ]);
});

it("covers every input once, pads less than half, and has few shapes", () => {
  const anyLengths = fc.array(fc.integer({ min: 1, max: 77 }), { maxLength: 200 });
  fc.assert(
    fc.property(anyLengths, fc.integer({ min: 1, max: 48 }), (lengths, batch) => {
      const buckets = bucketsOf(lengths, { batch, longest: 77 });
      expect(buckets.flatMap(({ rows }) => rows).sort((a, b) => a - b)).toEqual([
        ...lengths.keys(),
      ]);
      for (const bucket of buckets) {
        expect(bucket.batch).toBeLessThanOrEqual(batch);
        expect(bucket.rows.length).toBeLessThanOrEqual(bucket.batch);
        expect(2 * bucket.rows.length).toBeGreaterThan(bucket.batch);
        for (const row of bucket.rows) {
          expect(lengths[row]).toBeLessThanOrEqual(bucket.length);
          if (bucket.length > 8) expect(2 * lengths[row]!).toBeGreaterThan(bucket.length);
        }
      }
      const shapes = new Set(buckets.map(({ batch, length }) => `${batch} ${length}`));
      expect(shapes.size).toBeLessThanOrEqual(2 * 5);
    }),
  );
});
