import fc from "fast-check";
import { expect, it } from "vitest";
import { portionsOf } from "./buckets.js";

it("puts like lengths together and rounds up what is left", () => {
  expect(portionsOf([3, 9, 8, 20, 2, 5], { batch: 2, longest: 24 })).toEqual([
    { rows: [0, 2], batch: 2, length: 8 },
    { rows: [4, 5], batch: 2, length: 8 },
    { rows: [1], batch: 1, length: 16 },
    { rows: [3], batch: 1, length: 24 },
  ]);
});

it("takes every input once, wastes less than half, and has few shapes", () => {
  const anyLengths = fc.array(fc.integer({ min: 1, max: 77 }), { maxLength: 200 });
  fc.assert(
    fc.property(anyLengths, fc.integer({ min: 1, max: 48 }), (lengths, batch) => {
      const portions = portionsOf(lengths, { batch, longest: 77 });
      expect(portions.flatMap(({ rows }) => rows).sort((a, b) => a - b)).toEqual([
        ...lengths.keys(),
      ]);
      for (const portion of portions) {
        expect(portion.batch).toBeLessThanOrEqual(batch);
        expect(portion.rows.length).toBeLessThanOrEqual(portion.batch);
        expect(2 * portion.rows.length).toBeGreaterThan(portion.batch);
        for (const row of portion.rows) {
          expect(lengths[row]).toBeLessThanOrEqual(portion.length);
          if (portion.length > 8) expect(2 * lengths[row]!).toBeGreaterThan(portion.length);
        }
      }
      const shapes = new Set(portions.map(({ batch, length }) => `${batch} ${length}`));
      expect(shapes.size).toBeLessThanOrEqual(2 * 5);
    }),
  );
});
