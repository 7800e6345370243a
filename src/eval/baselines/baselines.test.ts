import { afterAll, describe, expect, it } from "vitest";
import { openBackend } from "../../backend/open.js";
import { keyOf } from "../../base/random.js";
import { encodePnm } from "../../data/image/codecs/pnm.js";
import type { LabeledSample, Target } from "../../data/labeled-sample.js";
import { softAnswers, vqaAccuracy } from "../metrics/vqa-accuracy.js";
import { labeledFeatures } from "../probe/labeled-features.js";
import {
  type BaselineParts,
  chanceOf,
  mostFrequent,
  simpleBaseline,
  wordParts,
} from "./baselines.js";
import { gradientHistogram, gradientWidth } from "./gradient-histogram.js";

const backend = openBackend({ name: "reference" });
afterAll(() => backend.dispose());
const labels = { kind: "class", names: ["a", "b"] } as const;
const target = (label: string): Target => ({ kind: "class", label });

async function accuracyOf(parts: BaselineParts): Promise<number> {
  const outputs = await simpleBaseline(backend, parts, 2, { key: keyOf(1) });
  const right = parts.test.labels;
  const hits = outputs.filter((output, item) => (output[0]! > 0.5 ? 0 : 1) === right[item]);
  return hits.length / outputs.length;
}

const wordAccuracy = (samples: LabeledSample[]): Promise<number> =>
  accuracyOf(wordParts({ train: samples, validation: samples, test: samples }, labels));

describe("the simple baseline", () => {
  it("learns words, and of pairs which words both texts have", async () => {
    const single = Array.from({ length: 24 }, (_, index): LabeledSample => {
      const label = labels.names[index % 2]!;
      return { key: String(index), text: `${label}word and ${index % 7}`, target: target(label) };
    });
    expect(await wordAccuracy(single)).toBe(1);
    const pairs = single.map((sample, index): LabeledSample => {
      const words = ["cat", "dog", "cup", "sun", "tree"];
      const [first, other] = [words[index % 5]!, words[(index + 2) % 5]!];
      return { ...sample, text: first, textPair: index % 2 === 0 ? first : other };
    });
    expect(await wordAccuracy(pairs)).toBe(1);
  });

  it("learns the direction of edges in images, whatever their colors", async () => {
    const drawn = (index: number): Float32Array => {
      const pixels = new Uint8Array(16 * 16 * 3);
      for (let at = 0; at < 256; at++) {
        const [across, down] = [at % 16, Math.floor(at / 16)];
        const isLight = (index % 2 === 0 ? across : down) % 4 < 2;
        pixels.fill(isLight ? 255 - 5 * index : 3 * index, 3 * at, 3 * at + 3);
      }
      return gradientHistogram({ width: 16, height: 16, pixels });
    };
    const featuresOf = (first: number, end: number) => {
      const items = Array.from({ length: end - first }, (_, item) => first + item);
      const rows = Float32Array.from(items.flatMap((index) => [...drawn(index)]));
      return labeledFeatures(
        rows,
        Int32Array.from(items, (index) => index % 2),
        gradientWidth,
      );
    };
    const [train, test] = [featuresOf(0, 12), featuresOf(12, 20)];
    expect(await accuracyOf({ train, validation: train, test })).toBe(1);
  });

  it("does not see the image of a sample with a text", async () => {
    const samples = Array.from({ length: 12 }, (_, index): LabeledSample => {
      const label = labels.names[index % 2]!;
      const image = encodePnm(1, 1, 3, new Uint8Array(3).fill(label === "a" ? 0 : 255));
      return { key: String(index), image, text: "the same", target: target(label) };
    });
    expect(await wordAccuracy(samples)).toBe(0.5);
  });
});

it("chance is what each answer reaches, on average", () => {
  const people = ["two", "2", "3"];
  const scores = Object.fromEntries(softAnswers(people));
  const asked: Target = { kind: "scores", scores, answers: people };
  const names = ["2", "3", "cat", "dog"];
  const each = names.map((name) => vqaAccuracy(name, people));
  const expected = each.reduce((sum, accuracy) => sum + accuracy, 0) / names.length;
  expect(chanceOf({ kind: "scores", names }, [asked])["VQA accuracy"]).toBeCloseTo(expected, 12);
  expect(chanceOf(labels, [target("a")])).toMatchObject({ accuracy: 0.5, AUROC: 0.5 });
});

it("the most frequent answer is that of the training samples", () => {
  expect(mostFrequent(Array.from("abb", target), labels)[1]).toBeCloseTo(2 / 3, 6);
});
