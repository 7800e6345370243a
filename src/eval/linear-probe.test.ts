import { describe, expect, it } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { referenceBackend } from "../backend/reference.js";
import { below, foldIn, keyOf, normal } from "../base/random.js";
import { type LabeledFeatures, ProbeFitter, predict } from "./linear-probe.js";
import { searchProbe } from "./probe-search.js";

const backend = referenceBackend();
const tight = { tolerance: 1e-7 };

/** Items around the corners of a simplex: class c along axis c. */
function clouds(seed: number, count: number, classes: number, noise: number): LabeledFeatures {
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const features = normal(keyOf(seed), count * classes, noise);
  for (const [item, label] of labels.entries()) features[item * classes + label]! += 1;
  return { features, labels };
}

describe("a linear probe", () => {
  it("learns class frequencies from constant features", async () => {
    const labels = Int32Array.of(0, 0, 0, 0, 0, 1, 1, 1, 2, 2);
    const fitter = new ProbeFitter(
      backend,
      { features: new Float32Array(20), labels },
      { width: 2, classes: 3 },
    );
    const { bias, weight, converged } = await fitter.fit(1, tight);
    expect(converged).toBe(true);
    const total = bias.reduce((sum, b) => sum + Math.exp(b), 0);
    expect([...bias].map((b) => Math.exp(b) / total)).toEqual(closeTo([0.5, 0.3, 0.2], 5));
    expect([...weight]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("fits two opposite items with the weight that balances gradient and decay", async () => {
    const lambda = 0.5;
    const fitter = new ProbeFitter(
      backend,
      { features: Float32Array.of(1, -1), labels: Int32Array.of(1, 0) },
      { width: 1, classes: 2 },
    );
    const { weight, bias } = await fitter.fit(lambda, tight);
    const w = weight[1]!;
    // The sum is 2 log(1 + exp(-2w)) + lambda w², whose derivative is 0 here.
    expect(4 / (1 + Math.exp(2 * w))).toBeCloseTo(2 * lambda * w, 5);
    expect(weight[0]).toBeCloseTo(-w, 5);
    expect(bias[0]).toBeCloseTo(bias[1]!, 5);
  });

  it("has a gradient that agrees with finite differences", async () => {
    const sizes = { width: 3, classes: 3 };
    const objective = new ProbeFitter(backend, clouds(1, 12, 3, 0.5), sizes).objective(2);
    const point = Float64Array.from(normal(keyOf(2), 12));
    const { gradient } = await objective(point);
    const step = 2 ** -10;
    for (const [index, element] of gradient.entries()) {
      const at = async (offset: number): Promise<number> =>
        (await objective(point.with(index, point[index]! + offset))).value;
      expect(((await at(step)) - (await at(-step))) / (2 * step)).toBeCloseTo(element, 4);
    }
  });

  it("separates separable classes", async () => {
    const train = clouds(3, 40, 4, 0.05);
    const fitter = new ProbeFitter(backend, train, { width: 4, classes: 4 });
    const probe = await fitter.fit(1e-3);
    const { ranks, predicted, labels } = await predict(backend, probe, clouds(4, 40, 4, 0.05));
    expect(new Set(ranks)).toEqual(new Set([0]));
    expect(predicted).toEqual(labels);
  });

  it("does not depend on the features' mean, and decay scales with the features", async () => {
    const { features, labels } = clouds(8, 30, 3, 0.4);
    const sizes = { width: 3, classes: 3 };
    const fit = (of: Float32Array, lambda: number) =>
      new ProbeFitter(backend, { features: of, labels }, sizes).fit(lambda, tight);
    const plain = await fit(features, 0.3);
    const shifted = await fit(
      features.map((value) => 4 * value + 500),
      0.3 * 16,
    );
    expect([...shifted.weight].map((value) => 4 * value)).toEqual(closeTo([...plain.weight], 3));
    const { ranks } = await predict(backend, plain, { features, labels });
    const answers = await predict(backend, shifted, {
      features: features.map((value) => 4 * value + 500),
      labels,
    });
    expect(answers.ranks).toEqual(ranks);
  });

  it("continues from a probe of other items without a jump", async () => {
    const sizes = { width: 3, classes: 3 };
    const probe = await new ProbeFitter(backend, clouds(9, 30, 3, 0.4), sizes).fit(0.1, tight);
    const { features, labels } = clouds(10, 30, 3, 0.4);
    const shifted = { features: features.map((value) => value + 2), labels };
    const still = await new ProbeFitter(backend, shifted, sizes).fit(0.1, {
      start: probe,
      iterations: 0,
    });
    const [expected, found] = [
      await predict(backend, probe, shifted),
      await predict(backend, still, shifted),
    ];
    expect(found.predicted).toEqual(expected.predicted);
    expect([...still.weight]).toEqual(closeTo([...probe.weight], 5));
  });

  it("refuses invalid labels", () => {
    const make = (...labels: number[]): ProbeFitter =>
      new ProbeFitter(
        backend,
        { features: new Float32Array(4), labels: Int32Array.from(labels) },
        { width: 2, classes: 2 },
      );
    expect(() => make(0, 2)).toThrow("label 2");
    expect(() => make(0)).toThrow("2 items and 1 labels");
  });
});

it("the search finds the best lambda for the validation part", async () => {
  const sizes = { width: 3, classes: 3 };
  const train = clouds(5, 18, 3, 0.7);
  // Some labels are wrong, so that weight decay helps.
  const labels = train.labels.map((label, i) =>
    i % 6 === 0 ? below(foldIn(keyOf(6), i), 3) : label,
  );
  const validation = clouds(7, 60, 3, 0.7);
  const { probe, tried } = await searchProbe(
    backend,
    { train: { ...train, labels }, validation },
    sizes,
    { iterations: 200 },
  );
  const best = Math.max(...tried.map(({ accuracy }) => accuracy));
  expect(tried.find(({ lambda }) => lambda === probe.lambda)?.accuracy).toBe(best);
  const lambdas = tried.map(({ lambda }) => lambda);
  expect(lambdas).toEqual([...lambdas].sort((a, b) => a - b));
  expect(lambdas.length).toBeGreaterThan(7);
  const steps = lambdas.slice(1).map((lambda, i) => Math.log10(lambda / lambdas[i]!));
  expect(Math.min(...steps)).toBeCloseTo(1 / 8, 6);
});
