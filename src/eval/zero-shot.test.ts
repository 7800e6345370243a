import { describe, expect, it } from "vitest";
import { referenceBackend } from "../backend/reference.js";
import { classifyZeroShot } from "./zero-shot.js";

const backend = referenceBackend();
/** Six classes along the six axes. */
const classes = Float32Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1 : 0));

const classify = (images: number[][], labels: number[]): ReturnType<typeof classifyZeroShot> =>
  classifyZeroShot(backend, {
    images: Float32Array.from(images.flat()),
    labels: Int32Array.from(labels),
    classes,
    width: 6,
  });

describe("zero-shot classification", () => {
  it("ranks the right class, and reports mistakes and chance levels", async () => {
    const result = await classify(
      [
        [0.9, 0.1, 0.2, 0.3, 0.4, 0.5], // right
        [0.2, 0.9, 0.1, 0.3, 0.4, 0.5], // class 2 is last
        [0.2, 0.9, 0.8, 0.3, 0.4, 0.5], // class 2 is second
        [0, 0, 0, 0, 0, 1], // right
      ],
      [0, 2, 2, 5],
    );
    expect([...result.ranks]).toEqual([0, 5, 1, 0]);
    expect([...result.predicted]).toEqual([0, 1, 1, 5]);
    expect(result.top1).toMatchObject({ mean: 0.5, count: 4 });
    expect(result.top5.mean).toBe(0.75);
    expect(result.meanPerClass.mean).toBeCloseTo(2 / 3, 12);
    expect(result.chance).toEqual({ top1: 1 / 6, top5: 5 / 6, mostFrequent: 0.5 });
    expect(result.confusions).toEqual([{ label: 2, predicted: 1, count: 2 }]);
  });

  it("scores a model that cannot distinguish classes as 0", async () => {
    const alike = [1, 1, 1, 1, 1, 1];
    const result = await classify([alike, alike], [0, 3]);
    expect(result.top1.mean).toBe(0);
    expect([...result.predicted]).toEqual([1, 0]);
  });

  it("stops when its signal does", async () => {
    const inputs = { images: classes, labels: new Int32Array(6), classes, width: 6 };
    const stopped = { signal: AbortSignal.abort(new Error("enough")) };
    await expect(classifyZeroShot(backend, inputs, stopped)).rejects.toThrow("enough");
  });

  it("refuses invalid labels", async () => {
    await expect(classify([[1, 0, 0, 0, 0, 0]], [6])).rejects.toThrow("label 6");
    await expect(classify([[1, 0, 0, 0, 0, 0]], [1, 2])).rejects.toThrow("one label for each");
    await expect(classify([], [])).rejects.toThrow("no images");
  });
});
