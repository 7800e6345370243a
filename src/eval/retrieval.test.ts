import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { referenceBackend } from "../backend/reference.js";
import { foldIn, keyOf, normal, uniformAt } from "../base/random.js";
import { type DescribedImage, relate } from "./relation.js";
import { type RetrievalResult, retrieve } from "./retrieval.js";

const backend = referenceBackend();

describe("the relation of images and texts", () => {
  it("matches an image with its own texts and those of its group", () => {
    const { texts, textsOf, imagesOf } = relate([
      { texts: ["calendar", "date"] },
      { texts: ["dog"], group: "animal" },
      { texts: ["calendar"] },
      { texts: ["cat", "cat"], group: "animal" },
      { texts: [] },
    ]);
    expect(texts).toEqual(["calendar", "date", "dog", "cat"]);
    expect(textsOf.map((own) => [...own])).toEqual([[0, 1], [2, 3], [0], [2, 3], []]);
    expect(imagesOf.map((own) => [...own])).toEqual([[0, 2], [0], [1, 3], [1, 3]]);
  });
});

/** Retrieval for images and texts near the axes of a space. */
async function find(
  images: readonly DescribedImage[],
  imageVectors: number[][],
  textVectors: number[][],
): Promise<RetrievalResult> {
  return retrieve(backend, {
    images,
    relation: relate(images),
    imageVectors: Float32Array.from(imageVectors.flat()),
    textVectors: Float32Array.from(textVectors.flat()),
    width: imageVectors[0]!.length,
  });
}

describe("retrieval", () => {
  const images = [
    { texts: ["cat", "tiger"], seen: true },
    { texts: ["dog"], seen: false },
    { texts: ["cat"], seen: false },
    { texts: [] },
  ];

  it("searches texts by images and images by texts", async () => {
    const { imageToText, textToImage } = await find(
      images,
      [
        [1, 0, 0],
        [0, 0.5, 1], // a dog that looks like a tiger
        [0.6, 1, 0], // a cat that looks like a dog
        [0, 0.9, 0], // an image without texts
      ],
      [
        [1, 0, 0], // cat
        [0, 0, 1], // tiger
        [0, 1, 0], // dog
      ],
    );
    expect([...imageToText.ranks]).toEqual([0, 1, 1, -1]);
    expect(imageToText.all.at1).toMatchObject({ mean: expect.closeTo(1 / 3) as number, count: 3 });
    expect(imageToText.seen?.at1).toMatchObject({ mean: 1, count: 1 });
    expect(imageToText.unseen?.at1).toMatchObject({ mean: 0, count: 2 });
    expect(imageToText.all.at5.mean).toBe(1);
    expect(imageToText.all.medianRank).toBe(2);
    expect(imageToText.all.chance[0]).toBeCloseTo((2 / 3 + 1 / 3 + 1 / 3) / 3, 12);
    expect(imageToText.all.chance[1]).toBe(1);

    expect([...textToImage.ranks]).toEqual([0, 3, 2]);
    expect(textToImage.candidates).toBe(4);
    expect(textToImage.seen?.at1.count).toBe(2);
    expect(textToImage.all.chance[1]).toBe(1);
  });

  it("treats equal texts as one", async () => {
    const twins = [{ texts: ["cat"] }, { texts: ["cat"] }, { texts: ["dog"] }];
    const vectors = [
      [0.9, 0.1],
      [1, 0],
      [0.2, 1],
    ];
    const { imageToText, textToImage } = await find(twins, vectors, [
      [1, 0],
      [0, 1],
    ]);
    expect([...imageToText.ranks]).toEqual([0, 0, 0]);
    expect([...textToImage.ranks]).toEqual([0, 0]);
    expect(imageToText.seen).toBeUndefined();
  });

  it("does not depend on the order of images", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 2, max: 12 }), async (seed, count) => {
        const key = keyOf(seed);
        const names = ["a", "b", "c", "d", "e", "f"];
        const described = Array.from({ length: count }, (_, i) => ({
          texts: names.filter((_name, n) => i === 0 || uniformAt(foldIn(key, i), n) < 0.3),
        }));
        const vectors = described.map((_, i) => [...normal(foldIn(key, -1 - i), 3)]);
        const textVectors = new Map(names.map((name) => [name, [...normal(foldIn(key, name), 3)]]));
        const order = [...described.keys()].sort((a, b) => uniformAt(key, a) - uniformAt(key, b));
        const run = (indices: readonly number[]): Promise<RetrievalResult> => {
          const chosen = indices.map((i) => described[i]!);
          const texts = relate(chosen).texts.map((text) => textVectors.get(text)!);
          return find(
            chosen,
            indices.map((i) => vectors[i]!),
            texts,
          );
        };
        const [before, after] = [await run([...described.keys()]), await run(order)];
        for (const direction of ["imageToText", "textToImage"] as const) {
          const [a, b] = [before[direction].all, after[direction].all];
          expect([b.at1.mean, b.at5.mean, b.medianRank]).toEqual([
            a.at1.mean,
            a.at5.mean,
            a.medianRank,
          ]);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("refuses mismatched vectors and sets without texts", async () => {
    await expect(find([{ texts: ["a"] }], [[1]], [[1], [1]])).rejects.toThrow("but got 1 and 2");
    await expect(find([{ texts: [] }], [[1]], [])).rejects.toThrow("No image has a text");
  });
});
