import fc from "fast-check";
import { expect, test } from "vitest";
import { type Block, aligned, placeBlocks } from "./arena.js";

const block = fc
  .record({ bytes: fc.nat(5000), first: fc.nat(400), span: fc.nat(200) })
  .map(({ bytes, first, span }): Block => ({ bytes, first, last: first + span, offset: 0 }));

test("blocks that are live at the same time never overlap, and the arena holds them all", () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 40 }), (blocks) => {
      const size = placeBlocks(blocks);
      for (const [index, a] of blocks.entries()) {
        expect(a.offset % 64).toBe(0);
        expect(a.offset + a.bytes).toBeLessThanOrEqual(size);
        for (const b of blocks.slice(index + 1)) {
          const together = a.first <= b.last && b.first <= a.last;
          const apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
          if (together && a.bytes > 0 && b.bytes > 0) expect(apart).toBe(true);
        }
      }
    }),
  );
});

test("memory is reused once a block is dead", () => {
  const blocks = [0, 1, 2, 3].map((first) => ({ bytes: 1000, first, last: first + 1, offset: 0 }));
  expect(placeBlocks(blocks)).toBe(2 * aligned(1000));
});

test("offsets go beyond 4 GiB", () => {
  const blocks = [0, 1, 2].map(() => ({ bytes: 3e9, first: 0, last: 1, offset: 0 }));
  expect(placeBlocks(blocks)).toBe(3 * aligned(3e9));
});
