import { expect, test } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { evaluate } from "../../test/evaluate.js";
import { leavesOf, mapTree } from "../base/tree.js";
import { placeholder } from "../graph/placeholder.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { attention, attentionParameters, attentionProbabilities } from "./attention.js";
import { linear } from "./linear.js";

test("attention averages the values by its probabilities, of which those of padding are 0", () => {
  const [batch, length, width, heads] = [2, 5, 6, 3]; // two keys at a time: the last part is half empty
  const layer = mapTree(attentionParameters(width), (leaf: TensorSpec, path) =>
    placeholder(leaf, path),
  );
  const x = placeholder(spec([batch, length, width]), "x");
  const lengths = placeholder(spec([batch], "int32"), "lengths");
  const feeds = new Map<Tensor, ArrayLike<number>>(
    [x, ...leavesOf<Tensor>(layer).map(([, leaf]) => leaf)].map((tensor, seed) => [
      tensor,
      Array.from({ length: tensor.size }, (_, i) => Math.sin(i * 3 + seed)),
    ]),
  );
  feeds.set(lengths, [length, 3]);
  const identity = {
    weight: Array.from({ length: width ** 2 }, (_, i) => Number(i % (width + 1) === 0)),
    bias: Array.from({ length: width }, () => 0),
  };
  feeds.set(layer.output.weight, identity.weight).set(layer.output.bias, identity.bias);
  const visible = { lengths };
  const found = attentionProbabilities(layer, x, heads, "float32", visible);
  expect(found.shape).toEqual([batch, heads, length, length]);
  const [probabilities, values, expected] = evaluate(
    [found, linear(layer.value, x, "float32"), attention(layer, x, heads, "float32", visible)],
    feeds,
  ) as [number[], number[], number[]];
  const averaged = expected.map((_, place) => {
    const [sample, token] = [
      Math.floor(place / (length * width)),
      Math.floor(place / width) % length,
    ];
    const head = Math.floor(((place % width) * heads) / width);
    const row = ((sample * heads + head) * length + token) * length;
    return Array.from({ length }, (_unused, key) => {
      const value = values[(sample * length + key) * width + (place % width)]!;
      return probabilities[row + key]! * value;
    }).reduce((sum, term) => sum + term, 0);
  });
  expect(averaged).toEqual(closeTo(expected, 6));
  const ofPadding = probabilities.filter(
    (_, place) => place >= probabilities.length / 2 && place % length >= 3,
  );
  expect(new Set(ofPadding)).toEqual(new Set([0]));
});
