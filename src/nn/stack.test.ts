import { expect, test } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { closeTo } from "../../test/close-to.js";
import { leavesOf, mapTree } from "../base/tree.js";
import { gradient } from "../graph/gradient.js";
import { slice } from "../graph/ops/slice.js";
import { multiply } from "../graph/ops/arithmetic.js";
import { sum } from "../graph/ops/broadcast.js";
import { placeholder } from "../graph/placeholder.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { stack, stackParameters } from "./stack.js";

test("keeping only the first tokens changes neither them nor their gradients", () => {
  const tree = stackParameters({ layers: 2, width: 6, hidden: 8 });
  const blocks = mapTree(tree, (leaf: TensorSpec, path) => placeholder(leaf, path));
  const x = placeholder(spec([2, 5, 6]), "x");
  const lengths = placeholder(spec([2], "int32"), "lengths");
  const feeds = new Map<Tensor, ArrayLike<number>>(
    [x, ...leavesOf<Tensor>(blocks).map(([, leaf]) => leaf)].map((tensor, seed) => [
      tensor,
      Array.from({ length: tensor.size }, (_, i) => Math.sin(i * 3 + seed)),
    ]),
  );
  feeds.set(lengths, [5, 3]);
  const results = (keepTokens?: number): number[] => {
    const options = {
      heads: 2,
      epsilon: 1e-6,
      precision: "float32",
      visible: { lengths },
    } as const;
    const last = stack(
      blocks,
      x,
      keepTokens === undefined ? options : { ...options, keepTokens },
    ).at(-1)!;
    expect(last.shape).toEqual([2, keepTokens ?? 5, 6]);
    const first = slice(last, 1, 0, 2);
    const gradients = leavesOf<Tensor>(gradient(sum(multiply(first, first)), { blocks, x }));
    return evaluate([first, ...gradients.map(([, own]) => own)], feeds).flat();
  };
  expect(results(2)).toEqual(closeTo(results(), 9));
});
