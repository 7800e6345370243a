import { expect, it } from "vitest";
import { evaluate, floats, modelOf } from "../../test/small-model.js";
import { foldIn, keyOf, normal } from "../base/random.js";
import { gradient } from "../graph/gradient.js";
import { add } from "../graph/ops/arithmetic.js";
import { softmaxCrossEntropy } from "../graph/ops/cross-entropy.js";
import { affine } from "../graph/ops/affine.js";
import { constant } from "../graph/placeholder.js";
import { contrastive, contrastiveLogits } from "./contrastive.js";
import { rowsPerBlock, weightedMean } from "./masked.js";

it("the contrastive loss in blocks of rows equals that of all logits at once, as does its gradient", async () => {
  const samples = rowsPerBlock + 5;
  const embeddings = (name: string): ReturnType<typeof floats> =>
    floats([samples, 3], normal(foldIn(keyOf(5), name), samples * 3));
  const match = Array.from({ length: samples }, (_, sample) => (sample % 3 === 1 ? 0 : 1));
  const given = {
    images: embeddings("images"),
    texts: embeddings("texts"),
    rows: floats([samples], match),
  };
  const found = await evaluate(given, (parameters, { images, texts, rows }) => {
    const model = modelOf(parameters);
    const labels = constant(
      Int32Array.from({ length: samples }, (_, i) => i),
      [samples],
    );
    const logits = contrastiveLogits(model, images, texts);
    const [ofImages, ofTexts] = [logits.image, logits.text].map((each) =>
      weightedMean(softmaxCrossEntropy(each, labels, rows), rows),
    );
    const direct = affine(add(ofImages!, ofTexts!), 0.5, 0);
    const blocks = contrastive(model, images, texts, rows);
    return {
      direct,
      blocks,
      directSlope: gradient(direct, images)!,
      blocksSlope: gradient(blocks, images)!,
    };
  });
  expect(found.blocks![0]).toBeCloseTo(found.direct![0]!, 5);
  for (const [i, slope] of found.directSlope!.entries()) {
    expect(Math.abs(found.blocksSlope![i]! - slope)).toBeLessThan(1e-6);
  }
});
