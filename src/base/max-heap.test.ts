import fc from "fast-check";
import { expect, test } from "vitest";
import { MaxHeap } from "./max-heap.js";

test("items come out in falling order, whatever was pushed and popped before", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 9 }))), (steps) => {
      const heap = new MaxHeap<number>((a, b) => a - b);
      const expected: number[] = [];
      for (const step of steps) {
        if (step === null) expect(heap.pop()).toBe(expected.pop());
        else {
          heap.push(step);
          expected.push(step);
          expected.sort((a, b) => a - b);
        }
      }
      while (expected.length > 0) expect(heap.pop()).toBe(expected.pop());
      expect(heap.pop()).toBeUndefined();
    }),
  );
});
