import { expect, test } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { evaluate } from "../../test/evaluate.js";
import { models } from "../configs/models.js";
import { leavesOf, mapTree } from "../base/tree.js";
import { placeholder } from "../graph/placeholder.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { parameterCount } from "../nn/parameter.js";
import {
  codebookDecoderParameters,
  decodeCodes,
  mapPixels,
  reconstruction,
  unmapPixels,
} from "./codebook-decoder.js";

test("the decoder of DALL-E has 43,829,766 parameters in 76 tensors (flava.md 1.10)", () => {
  const parameters = codebookDecoderParameters(models.base.codebook);
  expect(parameterCount(parameters)).toBe(43_829_766);
  expect(leavesOf(parameters)).toHaveLength(76);
});

test("a grid of codes becomes an image of eight times its sides, with pixels in [0, 1]", () => {
  const config = { channels: 3, groups: 4, blocksPerGroup: 2, hidden: 8, vocabulary: 6 };
  const tree = codebookDecoderParameters(config);
  const parameters = mapTree(tree, (leaf: TensorSpec, path) => placeholder(leaf, path));
  const codes = placeholder(spec([1, 2, 1, 6]), "codes");
  const image = reconstruction(decodeCodes(parameters, config, codes));
  expect(image.shape).toEqual([1, 3, 16, 8]);
  const feeds = new Map(
    [codes, ...leavesOf<Tensor>(parameters).map(([, leaf]) => leaf)].map((tensor, seed) => [
      tensor,
      Array.from({ length: tensor.size }, (_, i) => 0.3 * Math.sin(i * 7 + seed)),
    ]),
  );
  const [pixels = []] = evaluate([image], feeds);
  expect(Math.min(...pixels)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...pixels)).toBeLessThanOrEqual(1);
  expect(new Set(pixels).size).toBeGreaterThan(10);
});

test("pixels are mapped to [0.1, 0.9] and back", () => {
  const x = placeholder(spec([3]), "x");
  const [mapped, back] = evaluate(
    [mapPixels(x), unmapPixels(mapPixels(x))],
    new Map([[x, [0, 0.5, 1]]]),
  );
  expect(mapped).toEqual(closeTo([0.1, 0.5, 0.9]));
  expect(back).toEqual(closeTo([0, 0.5, 1]));
});
