/** Facts about FLAVA without trained weights: counts, names, and the losses of a new model (flava.md 10.4). */
import { describe, expect, it } from "vitest";
import { referenceBackend } from "../src/backend/reference.js";
import { State } from "../src/backend/state.js";
import { keyOf } from "../src/base/random.js";
import { leavesOf } from "../src/base/tree.js";
import { toFamily } from "../src/checkpoint/names.js";
import type { Tensor } from "../src/graph/tensor.js";
import { models } from "../src/configs/models.js";
import { initialLogitScale, pretrainingParameters } from "../src/model/flava.js";
import { encodeImages } from "../src/model/traced-model.js";
import { type Parameter, initialize, parameterCount } from "../src/nn/parameter.js";
import type { Batch } from "../src/data/batch/batch.js";
import { lossesOf } from "../src/objective/objectives.js";
import { closeTo } from "./close-to.js";
import { Given, config, evaluate, modelOf, pairs, patches, images, texts } from "./small-model.js";

describe("the base model", () => {
  const base = pretrainingParameters(models.base);
  const { flava, heads, codebook } = base;

  it.each([
    ["a block", flava.image.blocks[0], 7_087_872, 16],
    ["a pooler", flava.image.pooler, 590_592, 2],
    ["the text encoder", flava.text, 109_483_776, 201],
    ["the image encoder", flava.image, 86_390_016, 201],
    [
      "the projections",
      [flava.imageProjection, flava.textProjection, flava.multimodal.image, flava.multimodal.text],
      2_362_368,
      8,
    ],
    ["the three encoders with their projections", flava, 241_356_289, 512],
    ["the codebook", codebook, 53_786_240, 74],
    ["the head of masked images", heads.mim, 6_891_776, 6],
    ["the head of masked text", heads.mlm, 24_063_546, 6],
    ["the head of matching", heads.itm, 592_130, 4],
    ["all heads", heads, 62_502_774, 28],
    ["everything", base, 357_645_303, 614],
  ])("%s: the published number of parameters", (_, part, parameters, tensors) => {
    expect(parameterCount(part)).toBe(parameters);
    expect(leavesOf(part)).toHaveLength(tensors);
  });

  it.each([
    ["FlavaModel", 512],
    ["FlavaImageCodebook", 74],
    ["FlavaForPreTraining", 618 - 4], // four names are aliases of one tensor
  ] as const)("has the names of %s", (family, count) => {
    const names = leavesOf<Parameter>(base).flatMap(([path]) => toFamily(family, path)?.name ?? []);
    expect(new Set(names).size).toBe(count);
  });
});

describe("a new model", () => {
  /** Losses of a new small model, whose heads know nothing yet. */
  async function freshLosses(batch: object, kind: string): Promise<Record<string, number[]>> {
    const state = new State(referenceBackend(), { parameters: pretrainingParameters(config) });
    await initialize(state, keyOf(1));
    return evaluate(
      batch,
      (parameters, given) =>
        lossesOf(modelOf(parameters), { kind, ...given } as Batch) as Record<string, Tensor>,
      { state },
    );
  }

  it("multiplies similarities by 14.2849", () => {
    expect(Math.exp(initialLogitScale)).toBeCloseTo(14.2849, 4);
    const { initial } = pretrainingParameters(config).flava.logitScale;
    expect(initial).toEqual({ kind: "constant", value: initialLogitScale });
  });

  it("guesses: its losses are logarithms of the numbers of classes", async () => {
    const found = {
      ...(await freshLosses(images(3), "image")),
      ...(await freshLosses(texts([5, 7, 4], 7), "text")),
      ...(await freshLosses(pairs([1, 0, 1, 1]), "pair")),
    };
    const { image, text } = config;
    const choices = {
      mim: image.vocabulary,
      mlm: text.vocabulary,
      mmmImage: image.vocabulary,
      mmmText: text.vocabulary,
      itm: 2,
    };
    for (const [name, count] of Object.entries(choices)) {
      expect(found[name]![0]! / Math.log(count), name).toBeCloseTo(1, 1);
    }
  });
});

it("pixels of a masked patch change nothing", async () => {
  const { pixels, hidden } = images(1);
  const run = (given: Given): Promise<Record<string, number[]>> =>
    evaluate({ pixels: given, hidden }, (parameters, inputs) => {
      const { sequence } = encodeImages(modelOf(parameters), inputs);
      return { sequence };
    });
  /** Rows 8 to 15 and columns 8 to 15 belong to patch 5, which is masked; the rows before to patch 1, which is not. */
  const painted = (row: number): Given => {
    const values = pixels.values.slice();
    values[row * 32 + 9] = 7;
    return new Given(pixels.shape, values);
  };
  const before = (await run(pixels)).sequence!;
  expect(before).toHaveLength((1 + patches) * 16);
  expect((await run(painted(9))).sequence).toEqual(before);
  expect((await run(painted(1))).sequence).not.toEqual(closeTo(before, 3));
});
