import { expect, it } from "vitest";
import { communicators } from "../../test/processes.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { dealtVectors } from "./dealt-vectors.js";

it("vectors are computed once, and all processes have all bits of them in order", async () => {
  const samples = [NaN, 1 / 3, -0, 4, 5, -Infinity, 7].map((value) => ({ value }));
  const computed: number[] = [];
  const found = await Promise.all(
    communicators(3).map(async (processes) => {
      const skipped = new SkippedSamples();
      const vectors = await dealtVectors(processes, samples, skipped, (own, leftOut) => {
        computed.push(own.length);
        const usable = own.filter(({ value }) => value !== 4 && value !== 7);
        if (usable.length < own.length) leftOut.add({ key: "key" }, "damaged", "cut off");
        return Promise.resolve(
          usable.map((sample) => ({ sample, vectors: { x: Float32Array.of(sample.value, 2) } })),
        );
      });
      expect(skipped.counts).toEqual(new Map([["damaged", 2]]));
      return vectors;
    }),
  );
  expect(computed).toEqual([2, 3, 2]);
  const expected = samples
    .filter((_, index) => index !== 3 && index !== 6)
    .map((sample) => ({ sample, vectors: { x: Float32Array.of(sample.value, 2) } }));
  for (const each of found) expect(each).toEqual(expected);
});
