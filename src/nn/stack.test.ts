import { expect, test } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { closeTo } from "../../test/close-to.js";
import { leavesOf, mapTree } from "../base/tree.js";
import { gradient } from "../graph/gradient.js";
import { gatherRows } from "../graph/ops/gather.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { multiply } from "../graph/ops/arithmetic.js";
import { sum } from "../graph/ops/broadcast.js";
import { placeholder } from "../graph/placeholder.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { stack, stackParameters } from "./stack.js";

test("keeping only some tokens changes neither them nor their gradients", () => {
  const tree = stackParameters({ layers: 2, width: 6, hidden: 8 });
  const blocks = mapTree(tree, (leaf: TensorSpec, path) => placeholder(leaf, path));
  const x = placeholder(spec([2, 5, 6]), "x");
  const lengths = placeholder(spec([2], "int32"), "lengths");
  const rows = placeholder(spec([3], "int32"), "rows");
  const feeds = new Map<Tensor, ArrayLike<number>>(
    [x, ...leavesOf<Tensor>(blocks).map(([, leaf]) => leaf)].map((tensor, seed) => [
      tensor,
      Array.from({ length: tensor.size }, (_, i) => Math.sin(i * 3 + seed)),
    ]),
  );
  feeds.set(lengths, [5, 3]).set(rows, [7, 0, -1]);
  const options = { heads: 2, epsilon: 1e-6, precision: "float32", visible: { lengths } } as const;
  const all = stack(blocks, x, options).at(-1)!;
  const results = (read: Tensor): number[] => {
    const gradients = leavesOf<Tensor>(gradient(sum(multiply(read, read)), { blocks, x }));
    return evaluate([read, ...gradients.map(([, own]) => own)], feeds).flat();
  };

  const first = stack(blocks, x, { ...options, keepTokens: 2 }).at(-1)!;
  expect(first.shape).toEqual([2, 2, 6]);
  expect(results(first)).toEqual(closeTo(results(slice(all, 1, 0, 2)), 9));

  const kept = stack(blocks, x, { ...options, keepRows: rows }).at(-1)!;
  expect(kept.shape).toEqual([3, 6]);
  const present = slice(kept, 0, 0, 2); // nobody reads the row of -1
  const same = slice(gatherRows(reshape(all, [10, 6]), rows), 0, 0, 2);
  expect(results(present)).toEqual(closeTo(results(same), 9));
});
