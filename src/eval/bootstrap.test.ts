import { describe, expect, it } from "vitest";
import { keyOf, normal, uniform } from "../base/random.js";
import { bootstrap, bootstrapMetric } from "./bootstrap.js";
import { mean, meanPerClass } from "./metrics.js";
import { auroc } from "./metrics/auroc.js";
import { pearson } from "./metrics/correlation.js";

describe("a bootstrap interval", () => {
  it("agrees with the normal approximation where that is accurate", () => {
    const count = 4000;
    const scores = Array.from(uniform(keyOf(5), count), (x) => (x < 0.3 ? 1 : 0));
    const { mean, low, high } = bootstrap(scores, keyOf(1), { resamples: 4000 });
    const standardError = Math.sqrt((mean * (1 - mean)) / count);
    expect(mean).toBeCloseTo(0.3, 1);
    expect((mean - low) / standardError / 1.96).toBeCloseTo(1, 1);
    expect((high - mean) / standardError / 1.96).toBeCloseTo(1, 1);
  });

  it("contains the true mean in about 95 of 100 cases", () => {
    let held = 0;
    for (let trial = 0; trial < 200; trial++) {
      const { low, high } = bootstrap(normal(keyOf(trial), 100), keyOf(-1 - trial), {
        resamples: 400,
      });
      if (low <= 0 && 0 <= high) held++;
    }
    expect(held).toBeGreaterThan(180);
    expect(held).toBeLessThan(200);
  });

  it("draws whole clusters, so copies of an item do not narrow it", () => {
    const scores = Array.from(normal(keyOf(2), 50));
    const copies = scores.flatMap((score) => [score, score, score, score]);
    const clusters = scores.flatMap((_, i) => [i, i, i, i].map((cluster) => cluster * 10));
    const once = bootstrap(scores, keyOf(3));
    expect(bootstrap(copies, keyOf(3), { clusters })).toEqual({
      ...once,
      mean: expect.closeTo(once.mean, 12) as number,
      count: 200,
    });
    const alone = bootstrap(copies, keyOf(3));
    expect(alone.high - alone.low).toBeLessThan(0.6 * (once.high - once.low));
  });

  it("depends only on the key", () => {
    const scores = normal(keyOf(4), 30);
    expect(bootstrap(scores, keyOf(8))).toEqual(bootstrap(scores, keyOf(8)));
    expect(bootstrap(scores, keyOf(9))).not.toEqual(bootstrap(scores, keyOf(8)));
  });

  it("has no width if all scores are equal, and needs at least one item", () => {
    expect(bootstrap([1, 1, 1], keyOf(0))).toEqual({ mean: 1, low: 1, high: 1, count: 3 });
    expect(() => bootstrap([], keyOf(0))).toThrow("at least one item");
  });
});

describe("a bootstrap interval of any metric", () => {
  it("is that of the mean, for the mean", () => {
    const scores = normal(keyOf(6), 200);
    const metric = (items: Int32Array): number => mean(Array.from(items, (item) => scores[item]!));
    const [own, other] = [bootstrapMetric(200, metric, keyOf(1)), bootstrap(scores, keyOf(1))];
    expect(own.mean).toBeCloseTo(other.mean, 12);
    expect([own.low, own.high]).toEqual([
      expect.closeTo(other.low, 2),
      expect.closeTo(other.high, 2),
    ]);
  });

  it("agrees with Fisher's interval of a correlation", () => {
    const [a, noise] = [normal(keyOf(7), 500), normal(keyOf(8), 500)];
    const b = a.map((value, item) => 0.5 * value + 0.8 * noise[item]!);
    const chosen = (values: Float32Array, items: Int32Array): number[] =>
      Array.from(items, (item) => values[item]!);
    const {
      mean: found,
      low,
      high,
    } = bootstrapMetric(500, (items) => pearson(chosen(a, items), chosen(b, items)), keyOf(2));
    const halfWidth = 1.96 / Math.sqrt(500 - 3);
    expect(low).toBeCloseTo(Math.tanh(Math.atanh(found) - halfWidth), 1);
    expect(high).toBeCloseTo(Math.tanh(Math.atanh(found) + halfWidth), 1);
  });

  it("contains a mean over classes, although rare classes, here the difficult ones, drop out of resamples", () => {
    const labels = Array.from({ length: 260 }, (_, item) => (item < 60 ? item : 60 + (item % 40)));
    const scores = labels.map((label) => (label < 60 ? 0 : 1)); // 60 classes of one item, 40 of five
    const metric = (items: Int32Array): number => meanPerClass(scores, labels, items);
    const { mean, low, high } = bootstrapMetric(labels.length, metric, keyOf(3));
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    expect((mean - low) / (high - low)).toBeCloseTo(0.5, 1);
  });

  it("contains the metric of all items, where nearly all resamples give one value", () => {
    const labels = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
    const scores = labels.map((label) => (label === 0 ? 1 : 0)); // always the same prediction
    const metric = (items: Int32Array): number => meanPerClass(scores, labels, items);
    const { mean, low, high } = bootstrapMetric(labels.length, metric, keyOf(0));
    expect(low).toBeLessThanOrEqual(mean);
    expect(high).toBeGreaterThanOrEqual(mean);
  });

  it("leaves out resamples without a value", () => {
    const [scores, labels] = [
      [1, 2, 3],
      [0, 0, 1],
    ];
    const area = (items: Int32Array): number =>
      auroc(
        Array.from(items, (i) => scores[i]!),
        Array.from(items, (i) => labels[i]!),
      );
    expect(bootstrapMetric(3, area, keyOf(0))).toEqual({ mean: 1, low: 1, high: 1, count: 3 });
  });
});
