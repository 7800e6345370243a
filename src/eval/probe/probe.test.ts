/** Linear probes, by themselves and against scikit-learn. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { referenceBackend } from "../../backend/reference.js";
import { below, foldIn, keyOf, normal } from "../../base/random.js";
import { ProbeFitter } from "./fitter.js";
import { hitsWithin, mean } from "../metrics.js";
import { type LabeledFeatures, chosen, joined, labeledFeatures } from "./labeled-features.js";
import { predict } from "./predict.js";
import { heldOut, searchProbe } from "./search.js";

const backend = referenceBackend();
const tight = { tolerance: 1e-7 };
const open = (features: LabeledFeatures, classes: number): Promise<ProbeFitter> =>
  ProbeFitter.open(backend, features, classes);

interface Golden {
  readonly width: number;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly features: readonly number[];
  readonly fits: readonly {
    readonly lambda: number;
    /** With CLIP's settings. */
    readonly loss: number;
    /** At the minimum. */
    readonly least: number;
    readonly accuracy: number;
  }[];
}

/** Items around the corners of a simplex: class c along axis c. */
function clouds(seed: number, count: number, classes: number, noise: number): LabeledFeatures {
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const features = normal(keyOf(seed), count * classes, noise);
  for (const [item, label] of labels.entries()) features[item * classes + label]! += 1;
  return labeledFeatures(features, labels, classes);
}

/** All features of a set. */
async function featuresOf(set: LabeledFeatures): Promise<Float32Array> {
  const features = new Float32Array(set.labels.length * set.width);
  await set.read(0, features);
  return features;
}

describe("a linear probe", () => {
  it("learns class frequencies from constant features", async () => {
    const labels = Int32Array.of(0, 0, 0, 0, 0, 1, 1, 1, 2, 2);
    const fitter = await open(labeledFeatures(new Float32Array(20), labels, 2), 3);
    const { bias, weight, converged } = await fitter.fit(1, tight);
    expect(converged).toBe(true);
    const total = bias.reduce((sum, b) => sum + Math.exp(b), 0);
    expect([...bias].map((b) => Math.exp(b) / total)).toEqual(closeTo([0.5, 0.3, 0.2], 5));
    expect([...weight]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("fits two opposite items with the weight that balances gradient and decay", async () => {
    const lambda = 0.5;
    const items = labeledFeatures(Float32Array.of(1, -1), Int32Array.of(1, 0), 1);
    const fitter = await open(items, 2);
    const { weight, bias } = await fitter.fit(lambda, tight);
    const w = weight[1]!;
    // The sum is 2 log(1 + exp(-2w)) + lambda w², whose derivative is 0 here.
    expect(4 / (1 + Math.exp(2 * w))).toBeCloseTo(2 * lambda * w, 5);
    expect(weight[0]).toBeCloseTo(-w, 5);
    expect(bias[0]).toBeCloseTo(bias[1]!, 5);
  });

  it("has a gradient that agrees with finite differences", async () => {
    const objective = (await open(clouds(1, 12, 3, 0.5), 3)).objective(2);
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
    const fitter = await open(train, 4);
    const probe = await fitter.fit(1e-3);
    const { ranks, predicted, labels } = await predict(backend, probe, clouds(4, 40, 4, 0.05));
    expect(new Set(ranks)).toEqual(new Set([0]));
    expect(predicted).toEqual(labels);
  });

  it("does not depend on the features' mean, and decay scales with the features", async () => {
    const cloud = clouds(8, 30, 3, 0.4);
    const values = (await featuresOf(cloud)).map((value) => 4 * value + 500);
    const moved = labeledFeatures(values, cloud.labels, 3);
    const plain = await (await open(cloud, 3)).fit(0.3, tight);
    const shifted = await (await open(moved, 3)).fit(0.3 * 16, tight);
    expect([...shifted.weight].map((value) => 4 * value)).toEqual(closeTo([...plain.weight], 3));
    const { ranks } = await predict(backend, plain, cloud);
    expect((await predict(backend, shifted, moved)).ranks).toEqual(ranks);
  });

  it("continues from a probe of other items without a jump", async () => {
    const probe = await (await open(clouds(9, 30, 3, 0.4), 3)).fit(0.1, tight);
    const cloud = clouds(10, 30, 3, 0.4);
    const values = (await featuresOf(cloud)).map((value) => value + 2);
    const shifted = labeledFeatures(values, cloud.labels, 3);
    const still = await (await open(shifted, 3)).fit(0.1, { start: probe, iterations: 0 });
    const [expected, found] = [
      await predict(backend, probe, shifted),
      await predict(backend, still, shifted),
    ];
    expect(found.predicted).toEqual(expected.predicted);
    expect([...still.weight]).toEqual(closeTo([...probe.weight], 5));
  });

  it("needs enough items to hold some out", () => {
    const few = labeledFeatures(Float32Array.of(1, 2), Int32Array.of(0, 1), 1);
    expect(() => heldOut(few, keyOf(0))).toThrow("2 training images cannot be divided");
  });

  it("refuses invalid labels", async () => {
    const make = (...labels: number[]) =>
      open(labeledFeatures(new Float32Array(4), Int32Array.from(labels), 2), 2);
    await expect(make(0, 2)).rejects.toThrow("label 2");
    expect(() => make(0)).toThrow("2 items and 1 labels");
    await expect(
      open(labeledFeatures(new Float32Array(0), new Int32Array(0), 2), 2),
    ).rejects.toThrow("at least one item");
  });
});

describe("features in many blocks", () => {
  it("give the loss and the gradient of all of them", async () => {
    const cloud = clouds(11, 5000, 2, 0.9); // more than the rows of a block
    const objective = (await ProbeFitter.open(backend, cloud, 2, 0)).objective(3);
    const parts = [0, 2400].map((first) =>
      chosen(
        cloud,
        Int32Array.from({ length: first === 0 ? 2400 : 2600 }, (_, i) => first + i),
      ),
    );
    const together = await ProbeFitter.open(backend, joined(parts), 2, 0);
    const point = Float64Array.from(normal(keyOf(12), 6));
    const [whole, inParts] = [await objective(point), await together.objective(3)(point)];
    expect(inParts).toEqual(whole);
    const atOnce = await (await open(cloud, 2)).objective(3)(point);
    expect(atOnce.value).toBeCloseTo(whole.value, 6);
    expect([...atOnce.gradient]).toEqual(closeTo([...whole.gradient], 5));
    const { value } = whole;
    const { mean } = await (await open(cloud, 2)).fit(3, { iterations: 0 });
    expect(value).toBeCloseTo(await lossOf(cloud, mean, point, 3), 5);
  });
});

/** The objective by its definition, in double precision, for features of standard deviation `std`. */
async function lossOf(
  cloud: LabeledFeatures,
  mean: Float32Array,
  point: Float64Array,
  lambda: number,
): Promise<number> {
  const { width, labels } = cloud;
  const centered = (await featuresOf(cloud)).map((value, index) => value - mean[index % width]!);
  const variance = centered.reduce((sum, value) => sum + value ** 2, 0) / centered.length;
  const [weight, bias] = [point.subarray(0, 2 * width), point.subarray(2 * width)];
  let loss = 0;
  for (const [item, label] of labels.entries()) {
    const logits = [0, 1].map((row) =>
      weight
        .subarray(row * width, (row + 1) * width)
        .reduce(
          (sum, value, i) => sum + (value * centered[item * width + i]!) / Math.sqrt(variance),
          bias[row]!,
        ),
    );
    loss += Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[label]!;
  }
  const squares = weight.reduce((sum, value) => sum + value ** 2, 0);
  return (loss + ((lambda / 2) * squares) / variance) / labels.length;
}

describe("against scikit-learn", () => {
  const file = new URL("../../../test/golden/probe/probe.json", import.meta.url);
  const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
  const { width, classes } = golden;
  const items = labeledFeatures(
    Float32Array.from(golden.features),
    Int32Array.from(golden.labels),
    width,
  );

  it.each(golden.fits)("the loss for lambda $lambda is as low", async (fit) => {
    const { loss, ...probe } = await (await open(items, classes)).fit(fit.lambda);
    expect(loss).toBeLessThan(fit.loss + 1e-4);
    expect(loss).toBeGreaterThan(fit.least - 1e-4);
    // With little decay, losses are flat around the minimum, and neither side quite reaches it.
    if (fit.lambda >= 0.1) expect(Math.abs(loss - fit.least)).toBeLessThan(1e-4);
    const { ranks } = await predict(backend, { ...probe, loss }, items);
    expect(mean(hitsWithin(ranks, 1))).toBeCloseTo(fit.accuracy, 10);
  });
});

it("the search finds the best lambda for the validation part", async () => {
  const train = clouds(5, 18, 3, 0.7);
  // Some labels are wrong, so that weight decay helps.
  const labels = train.labels.map((label, i) =>
    i % 6 === 0 ? below(foldIn(keyOf(6), i), 3) : label,
  );
  const validation = clouds(7, 60, 3, 0.7);
  const { probe, tried } = await searchProbe(
    backend,
    { train: { ...train, labels }, validation },
    3,
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
