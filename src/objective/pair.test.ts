import { expect, it } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { evaluate, modelOf, pairs } from "../../test/small-model.js";
import type { Tensor } from "../graph/tensor.js";
import { type LossWeights, lossesOf } from "./objectives.js";

it("computes the same losses of pairs together, in one pass of each encoder, and apart", async () => {
  const found = await evaluate(pairs([1, 0, 1]), (weights, given) => {
    const lossesAt = (requested: LossWeights): [string, Tensor][] =>
      Object.entries(lossesOf(modelOf(weights), { kind: "pair", ...given }, requested));
    const apart = [
      ...lossesAt({ itm: 0, mmmImage: 0, mmmText: 0 }),
      ...lossesAt({ contrastive: 0 }),
    ];
    return Object.fromEntries([
      ...lossesAt({}),
      ...apart.map(([name, loss]) => [`${name} apart`, loss] as const),
    ]);
  });
  for (const name of ["contrastive", "itm", "mmmImage", "mmmText"]) {
    expect(found[name]).toEqual(closeTo(found[`${name} apart`]!, 5));
  }
});
