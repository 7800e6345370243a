import { expect, it } from "vitest";
import { leavesOf } from "../../base/tree.js";
import { models } from "../../configs/models.js";
import { flavaParameters } from "../../model/flava.js";
import { ruleFor } from "../../optim/rules.js";
import { layerRates } from "./layer-rates.js";

it("weights learn the more slowly the further they are below the head", () => {
  const config = models.tiny; // 2 layers of images, 2 of texts, 1 of both
  const rules = layerRates(config, "multimodal", 0.5);
  const rateAt = (path: string): number => ruleFor(rules, path).rateFactor ?? 1;
  expect(rateAt("head/output/weight")).toBe(1);
  expect(rateAt("flava/multimodal/norm/gain")).toBe(1);
  expect(rateAt("flava/multimodal/blocks/0/norm1/gain")).toBe(0.5);
  expect(rateAt("flava/multimodal/image/weight")).toBe(0.25);
  expect(rateAt("flava/text/blocks/1/mlp/expand/weight")).toBe(0.25);
  expect(rateAt("flava/image/blocks/0/mlp/expand/weight")).toBe(0.125);
  expect(rateAt("flava/text/words")).toBe(0.0625);
  const paths = leavesOf({ flava: flavaParameters(config) }).map(([path]) => path);
  for (const [pattern] of rules) {
    expect(paths.some((path) => new RegExp(`^(?:${pattern})$`).test(path))).toBe(true);
  }
  expect(layerRates(config, "text", 1)).toEqual([]);
});
