/**
 * Known problems of the two public implementations, one test each (users.md 4). The two views of one crop (13) are tested
 * with the data code.
 */
import { describe, expect, it } from "vitest";
import { type Mapped, leavesOf, mapTree } from "../src/base/tree.js";
import { gradient } from "../src/graph/gradient.js";
import { ancestors } from "../src/graph/order.js";
import { placeholder } from "../src/graph/placeholder.js";
import { type Tensor, type TensorSpec, spec } from "../src/graph/tensor.js";
import { pool } from "../src/model/encoded.js";
import { encodeImages, encodePairs, encodeTexts } from "../src/model/traced-model.js";
import { type FlavaForPretraining, embed, pretrainingParameters } from "../src/model/flava.js";
import { matchLogits } from "../src/model/heads.js";
import { patchesOf, textOf } from "../src/model/multimodal-encoder.js";
import type { Batch } from "../src/data/batch/batch.js";
import { logitMultiplier } from "../src/model/logit-scale.js";
import { contrastiveLogits } from "../src/objective/contrastive.js";
import { type LossName, lossesOf, totalLoss } from "../src/objective/objectives.js";
import { closeTo } from "./close-to.js";
import { evaluate as evaluateNodes } from "./evaluate.js";
import {
  Given,
  changed,
  config,
  evaluate,
  floats,
  integers,
  modelOf,
  pairs,
  patches,
  images,
  samplesOf,
  shortened,
  smallState,
  texts,
} from "./small-model.js";

type Parameters = FlavaForPretraining<Tensor>;

/** The embeddings, the multimodal vector and the match scores. */
function features(
  parameters: Parameters,
  { pixels, ids, lengths }: Record<"pixels" | "ids" | "lengths", Tensor>,
  maskPadding = true,
): Outputs {
  const model = modelOf(parameters, { config: { ...config, maskPadding } });
  const { flava, heads } = parameters;
  const image = encodeImages(model, { pixels });
  const text = encodeTexts(model, { ids, lengths });
  const { sequence } = encodePairs(model, image, text, lengths);
  return {
    image: embed(flava.imageProjection, image, "float32"),
    text: embed(flava.textProjection, text, "float32"),
    vector: pool(flava.multimodal.pooler, sequence, "float32"),
    match: matchLogits(heads.itm, sequence, "float32"),
  };
}

type Outputs = Record<string, Tensor>;

/** The losses of a pair batch by name. */
function losses(batch: ReturnType<typeof pairs>): Promise<Record<LossName, number[]>> {
  return evaluate(
    batch,
    (parameters, given) => lossesOf(modelOf(parameters), { kind: "pair", ...given }) as Outputs,
  );
}

describe("1. padding", () => {
  const { pixels, ids, lengths } = pairs([1, 1, 1], [4, 7, 5]);
  const alone = {
    pixels: samplesOf(pixels, [0]),
    ids: shortened(samplesOf(ids, [0]), 4),
    lengths: integers([1], [4]),
  };

  it("and the rest of the batch change neither embeddings nor the match", async () => {
    const own = await evaluate(alone, features);
    const padded = await evaluate({ pixels, ids, lengths }, features);
    for (const [name, values] of Object.entries(own)) {
      expect(padded[name]!.slice(0, values.length), name).toEqual(closeTo(values, 5));
    }
  });

  it("takes part in the multimodal encoder when it is not masked, as in TorchMultimodal", async () => {
    const seen: typeof features = (parameters, inputs) => features(parameters, inputs, false);
    const own = await evaluate(alone, seen);
    const padded = await evaluate({ pixels, ids, lengths }, seen);
    expect(padded.text!.slice(0, 12)).toEqual(closeTo(own.text!, 5));
    expect(Math.abs(padded.match![0]! - own.match![0]!)).toBeGreaterThan(1e-3);
  });
});

it("2. the multimodal mask is longer than the text by the class token and the image", async () => {
  const states = (length: number, painted?: number): Given =>
    floats(
      [1, length, 16],
      Array.from({ length: length * 16 }, (_, i) =>
        Math.floor(i / 16) === painted ? 2 * Math.cos(i) : Math.sin(i * i),
      ),
    );
  const vector = async (painted?: number): Promise<number[]> => {
    const given = {
      image: states(1 + patches),
      text: states(7, painted),
      lengths: integers([1], [5]),
    };
    const { found = [] } = await evaluate(given, (weights, { image, text, lengths }) => {
      const [patchStates, words] = [{ states: [image] }, { states: [text] }];
      const { sequence } = encodePairs(modelOf(weights), patchStates, words, lengths);
      return { found: pool(weights.flava.multimodal.pooler, sequence, "float32") };
    });
    return found;
  };
  const before = await vector();
  expect(await vector(5)).toEqual(before); // the first token of padding
  expect(await vector(4)).not.toEqual(closeTo(before, 3)); // the last token of the text
});

it("3. patches follow two class tokens, texts are the last L tokens", () => {
  const length = 2 + patches + 5;
  const sequence = placeholder(spec([1, length, 1]), "sequence");
  const [ofPatches, ofText] = evaluateNodes(
    [patchesOf(sequence, patches), textOf(sequence, 5)],
    new Map([[sequence, Array.from({ length }, (_, place) => place)]]),
  );
  expect(ofPatches).toEqual(Array.from({ length: patches }, (_, i) => 2 + i));
  expect(ofText).toEqual([18, 19, 20, 21, 22]);
});

it("4. the multimodal encoder reads the states before the final normalization", async () => {
  const { pixels, ids, lengths } = pairs([1], [7]);
  const state = smallState();
  const before = await evaluate({ pixels, ids, lengths }, features, { state });
  for (const encoder of ["image", "text"]) {
    state.write(`parameters/flava/${encoder}/norm/bias`, new Float32Array(16).fill(3));
  }
  const after = await evaluate({ pixels, ids, lengths }, features, { state });
  expect(after.vector).toEqual(before.vector);
  expect(after.image).not.toEqual(closeTo(before.image!, 3));
  expect(after.text).not.toEqual(closeTo(before.text!, 3));
});

describe("5. labels of matching", () => {
  it("are 1 for a match and 0 for none", async () => {
    const batch = pairs([1], [5]);
    const state = smallState();
    state.write("parameters/heads/itm/classifier/weight", new Float32Array(32));
    state.write("parameters/heads/itm/classifier/bias", Float32Array.of(0, 2)); // "match"
    const loss = async (match: number): Promise<number> => {
      const given = { ...batch, match: floats([1], [match]) };
      const found = await evaluate(
        given,
        (parameters, inputs) =>
          lossesOf(modelOf(parameters), { kind: "pair", ...inputs }) as Outputs,
        { state },
      );
      return found.itm![0]!;
    };
    expect(await loss(1)).toBeCloseTo(Math.log(1 + Math.exp(-2)), 5);
    expect(await loss(0)).toBeCloseTo(2 + Math.log(1 + Math.exp(-2)), 5);
  });

  it("exclude mismatched pairs from the masked losses", async () => {
    const all = pairs([1, 0, 1], [7, 7, 7]);
    const mixed = await losses(all);
    const matched = await losses(matchedOf(all));
    expect(mixed.mmmImage).toEqual(closeTo(matched.mmmImage, 5));
    expect(mixed.mmmText).toEqual(closeTo(matched.mmmText, 5));
    expect(mixed.itm).not.toEqual(closeTo(matched.itm, 3));
  });

  it("exclude them from the rows of the contrastive loss, but not from its columns", async () => {
    const given = pairs([1, 0, 1]);
    const { contrastive } = await losses(given);
    const { image, text } = await evaluate(given, (weights, inputs) => {
      const found = features(weights, inputs);
      return { ...contrastiveLogits(modelOf(weights), found.image!, found.text!) };
    });
    const lossOf = (logits: readonly number[], row: number): number => {
      const scores = logits.slice(3 * row, 3 * row + 3);
      return Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[row]!;
    };
    const rows = [0, 2].flatMap((row) => [lossOf(image!, row), lossOf(text!, row)]);
    expect(contrastive[0]).toBeCloseTo(rows.reduce((sum, loss) => sum + loss, 0) / 4, 5);
  });

  it("have no effect where no pair matches", async () => {
    const none = await losses(pairs([0, 0, 0], [7, 7, 7]));
    const whole = await losses(pairs([1, 1, 1], [7, 7, 7]));
    for (const name of ["contrastive", "mmmImage", "mmmText"] as const) {
      expect(none[name], name).toEqual(whole[name]);
    }
  });
});

/** The first and the third of three pairs as a batch. */
function matchedOf(all: ReturnType<typeof pairs>): ReturnType<typeof pairs> {
  const both = [0, 2];
  const { targets, positions, ...rest } = all;
  const kept = mapTree(rest, (given: Given) => samplesOf(given, both));
  const own = pairs([1, 1], [7, 7]);
  return {
    ...kept,
    match: own.match,
    positions: samplesOf(positions, [...Array(8).keys()]), // the same patches in every image
    targets: { positions: own.targets.positions, labels: samplesOf(targets.labels, both) },
  };
}

it("6. rows are selected once: positions refer to the whole batch", async () => {
  const all = pairs([0, 1, 0, 1], [7, 7, 7, 7]);
  const { targets } = all;
  const onlyMatched = {
    ...all,
    targets: {
      positions: samplesOf(targets.positions, [1, 3]),
      labels: samplesOf(targets.labels, [1, 3]),
    },
  };
  const [whole, selected] = [await losses(all), await losses(onlyMatched)];
  expect(whole.mmmText).toEqual(closeTo(selected.mmmText, 6));
});

it("7. the caller's arrays are not written to", async () => {
  const batch = pairs([1, 0, 1]);
  const before = mapTree(batch, ({ values }: Given) => values.slice());
  await losses(batch);
  expect(mapTree(batch, ({ values }: Given) => values)).toEqual(before);
});

it("8. positions without a target are marked by position, not by label", async () => {
  const batch = { ...pairs([1, 1], [7, 7]), ...texts([7, 7], 7) };
  const all = (given: Partial<typeof batch>): Promise<Record<string, number[]>> =>
    evaluate(given, (weights, inputs) => {
      const ofKind = (kind: string): object =>
        lossesOf(modelOf(weights), { kind, ...inputs } as unknown as Batch);
      return { ...ofKind("image"), ...ofKind("text"), ...ofKind("pair") };
    });
  const plain = await all(batch);
  expect(Object.keys(plain)).toHaveLength(6);
  for (const label of [-100, -1, 0, 1000]) {
    const filled = await all({
      ...batch,
      positions: integers([9], [...batch.positions.values, -1]),
      targets: {
        positions: integers([4], [-1, ...batch.targets.positions.values, -1]),
        labels: integers([4], [label, ...batch.targets.labels.values, label]),
      },
    });
    for (const [name, loss] of Object.entries(plain)) {
      expect(filled[name], `${name}, label ${label}`).toEqual(closeTo(loss, 6));
    }
  }
});

/** Symbolic tensors for specifications, to inspect a computation without running it. */
function symbolic<I>(specs: I): Mapped<I, TensorSpec, Tensor> {
  return mapTree(specs, (leaf: TensorSpec, path) => placeholder(leaf, path));
}

const parameters = symbolic(pretrainingParameters(config)) as unknown as Parameters;
const imageBatch: Batch = { kind: "image", ...symbolic(images(2)) };
const textBatch: Batch = { kind: "text", ...symbolic(texts([3, 5], 5)) };
const pairBatch: Batch = { kind: "pair", ...symbolic(pairs([1, 0])) };

it("9. losses of one modality are computed only on batches of that modality", () => {
  const namesOf = (batch: Batch): string[] => Object.keys(lossesOf(modelOf(parameters), batch));
  expect(namesOf(imageBatch)).toEqual(["mim"]);
  expect(namesOf(textBatch)).toEqual(["mlm"]);
  expect(namesOf(pairBatch).toSorted()).toEqual(["contrastive", "itm", "mmmImage", "mmmText"]);
});

describe("10. the contrastive loss", () => {
  it("reads unmasked inputs", async () => {
    const batch = pairs([1, 1, 1]);
    const before = await losses(batch);
    const after = await losses({
      ...batch,
      maskedIds: changed(batch.maskedIds, 0, 11),
      hidden: changed(batch.hidden, 1, 1),
    });
    expect(after.contrastive).toEqual(before.contrastive);
    expect(after.itm).not.toEqual(closeTo(before.itm, 4));
  });

  it.each([
    [2.6592, 14.2849],
    [-1, 1],
    [9, 100],
  ])("multiplies similarities by exp(%d) clipped to 1 and 100", async (logarithm, factor) => {
    const found = await evaluate({ scale: floats([], [logarithm]) }, (_, { scale }) => ({
      factor: logitMultiplier(scale),
    }));
    expect(found.factor![0]! / factor).toBeCloseTo(1, 4);
  });

  it.each([0, 4.6052])("can leave the bound %d again", async (bound) => {
    const found = await evaluate({ scale: floats([], [bound]) }, (_, { scale }) => ({
      slope: gradient(logitMultiplier(scale), scale)!,
    }));
    expect(found.slope![0]).toBeCloseTo(Math.exp(bound), 1);
  });
});

it("11. an embedding is one vector of length 1 for each image and each text", async () => {
  const { pixels, ids, lengths } = pairs([1, 1, 1]);
  const found = await evaluate({ pixels, ids, lengths }, features);
  for (const name of ["image", "text"]) {
    const values = found[name]!;
    expect(values).toHaveLength(3 * config.projection);
    for (const start of [0, 12, 24]) {
      const vector = values.slice(start, start + 12);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
    }
  }
});

it("12. without targets, a loss is 0 and its gradient zero", async () => {
  const nothing = { positions: integers([2], [-1, -1]) };
  const targets = { ...nothing, labels: integers([2], [0, 0]) };
  const batches = [
    [{ ...images(2), ...nothing }, "image", ["mim"]],
    [{ ...texts([3, 4], 4), targets }, "text", ["mlm"]],
    [{ ...pairs([1, 1]), ...nothing, targets }, "pair", ["mmmImage", "mmmText"]],
  ] as const;
  for (const [batch, kind, names] of batches) {
    const found = await evaluate(batch as object, (weights, given) => {
      const all = lossesOf(modelOf(weights), { kind, ...given } as unknown as Batch);
      const total = totalLoss(Object.fromEntries(names.map((name) => [name, all[name]])));
      return { total, ...Object.fromEntries(leavesOf<Tensor>(gradient(total, weights.flava))) };
    });
    expect(Object.keys(found).length).toBeGreaterThan(20);
    for (const [name, values] of Object.entries(found)) {
      expect(
        values.every((value) => value === 0),
        `${kind}: ${name}`,
      ).toBe(true);
    }
  }
});

it("14. matching has its own pooler; those of the encoders are not trained", () => {
  const total = totalLoss(lossesOf(modelOf(parameters), pairBatch));
  const { flava, heads } = gradient(total, parameters);
  expect(heads.itm.pooler.weight).toBeDefined();
  for (const encoder of ["image", "text", "multimodal"] as const) {
    expect(flava[encoder].pooler).toEqual({ weight: undefined, bias: undefined });
  }
});

describe("15. the cost", () => {
  /** How many samples, of as many as a batch has, pass through the blocks of each encoder for a loss. */
  const runs = (loss: Tensor, samples: number): Record<string, number> => {
    const attentions = ancestors([loss]).filter(({ op }) => op.name === "attention");
    const count = (encoder: "image" | "text" | "multimodal"): number =>
      attentions
        .filter(({ scope }) => scope.startsWith(encoder))
        .reduce((sum, { outputs: [mixed] }) => sum + mixed!.shape[0]! / samples, 0) /
      config[encoder].layers;
    return { image: count("image"), text: count("text"), multimodal: count("multimodal") };
  };
  const model = modelOf(parameters);
  const [count = 0] = pairBatch.match.shape;
  const onlyContrastive = { itm: 0, mmmImage: 0, mmmText: 0 };
  const onlyMasked = { contrastive: 0 };

  it("of a pair is two passes of each encoder, masked and unmasked, and one of the multimodal encoder", () => {
    const total = totalLoss(lossesOf(model, pairBatch));
    expect(runs(total, count)).toEqual({ image: 2, text: 2, multimodal: 1 });
  });

  it("of a single modality is one pass", () => {
    const ofImage = totalLoss(lossesOf(model, imageBatch));
    const [imageCount = 0] = imageBatch.hidden.shape;
    expect(runs(ofImage, imageCount)).toEqual({ image: 1, text: 0, multimodal: 0 });
    const ofText = totalLoss(lossesOf(model, textBatch));
    const [textCount = 0] = textBatch.maskedIds.shape;
    expect(runs(ofText, textCount)).toEqual({ image: 0, text: 1, multimodal: 0 });
  });

  it("is only that of the requested losses", () => {
    const contrastive = totalLoss(lossesOf(model, pairBatch, onlyContrastive));
    expect(runs(contrastive, count)).toEqual({ image: 1, text: 1, multimodal: 0 });
    const masked = totalLoss(lossesOf(model, pairBatch, onlyMasked));
    expect(runs(masked, count)).toEqual({ image: 1, text: 1, multimodal: 1 });
  });
});
