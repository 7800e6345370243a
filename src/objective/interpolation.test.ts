import { expect, it } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { evaluate, floats, integers, modelOf } from "../../test/small-model.js";
import { add } from "../graph/ops/arithmetic.js";
import { sum } from "../graph/ops/broadcast.js";
import { lossesOf } from "./objectives.js";
import { embedImages } from "./pair.js";

it("losses of images of another size use the model's position interpolation", async () => {
  const count = 36; // 48 x 48 pixels in patches of 8
  const hidden = Array.from({ length: count }, (_, patch) => Number(patch % 5 === 0));
  const batch = {
    pixels: floats(
      [1, 3, 48, 48],
      Array.from({ length: 3 * 48 * 48 }, (_, i) => Math.sin(i)),
    ),
    hidden: floats([1, count], hidden),
    positions: integers([2], [0, 5]),
    visualTokens: integers([1, count], new Int32Array(count)),
  };
  const found = await evaluate(batch, (parameters, given) => {
    const losses = ([undefined, "size", "scale"] as const).map((interpolation) => {
      const model = modelOf(parameters, interpolation && { interpolation });
      const { mim } = lossesOf(model, { kind: "image", ...given });
      return [interpolation ?? "default", add(mim!, sum(embedImages(model, given)))] as const;
    });
    return Object.fromEntries(losses);
  });
  expect(found.size).toEqual(found.default);
  expect(found.scale).not.toEqual(closeTo(found.size!, 3));
});
