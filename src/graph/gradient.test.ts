import { describe, expect, test } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { gradient } from "./gradient.js";
import { add, less, multiply } from "./ops/arithmetic.js";
import { exp, gelu, sign, stopGradient, tanh } from "./ops/elementwise.js";
import { linear } from "./ops/matmul.js";
import { softmax } from "./ops/softmax.js";
import { sum } from "./ops/broadcast.js";
import { ancestors } from "./order.js";
import { placeholder } from "./placeholder.js";
import { type Tensor, spec } from "./tensor.js";
import { remat, scope } from "./trace.js";

const scalar = (path: string): Tensor => placeholder(spec([]), path);

function valueOf(
  tensor: Tensor | undefined,
  feeds: ReadonlyMap<Tensor, ArrayLike<number>>,
): number[] {
  if (!tensor) throw new Error("there is no gradient");
  return evaluate([tensor], feeds)[0] ?? [];
}

describe("gradient", () => {
  test("sums over all uses of a tensor", () => {
    const x = scalar("x");
    const loss = add(multiply(x, x), multiply(exp(x), x));
    const [value] = valueOf(gradient(loss, x), new Map([[x, [0.5]]]));
    expect(value).toBeCloseTo(1 + Math.exp(0.5) * 1.5, 12);
  });

  test("has the form of the tree, with undefined where the loss does not depend on a leaf", () => {
    const tree = { a: scalar("a"), list: [scalar("b"), scalar("c")] };
    const found = gradient(multiply(tree.a, tree.list[1]!), tree);
    expect(found.list[0]).toBeUndefined();
    expect(valueOf(found.list[1], new Map([[tree.a, [7]]]))).toEqual([7]);
  });

  test("stops at stopGradient", () => {
    const x = scalar("x");
    const own = gradient(multiply(x, stopGradient(x)), x);
    expect(valueOf(own, new Map([[x, [3]]]))).toEqual([3]);
  });

  test("refuses what it cannot differentiate, a gradient for instance, rather than leave it out", () => {
    const x = placeholder(spec([2, 3]), "x");
    const slope = scope("head", () => gradient(sum(exp(softmax(x))), x)!);
    expect(() => gradient(sum(slope), x)).toThrow(/^softmaxGradient in head has no gradient/);
    const step = multiply(less(x, sign(x)), stopGradient(slope));
    expect(gradient(sum(step), x)).toBeUndefined();
  });

  test("refuses a loss of several elements", () => {
    const x = placeholder(spec([2]), "x");
    expect(() => gradient(exp(x), x)).toThrow(
      "gradient was given float32[2]; it expects a loss of one element.",
    );
  });
});

describe("remat", () => {
  const x = placeholder(spec([3, 4]), "x");
  const weights = [0, 1, 2].map((index) => placeholder(spec([4, 4]), `w${index}`));
  const feeds = new Map(
    [x, ...weights].map((tensor, seed) => [
      tensor,
      Array.from({ length: tensor.size }, (_, i) => Math.sin(i + seed)),
    ]),
  );
  const lossWith = (region: <T>(f: () => T) => T): Tensor => {
    let state = x;
    for (const weight of weights) {
      const input = state;
      state = region(() => add(input, tanh(linear(gelu(linear(input, weight)), weight))));
    }
    return sum(multiply(state, state));
  };

  test("does not change gradients", () => {
    const plain = gradient(
      lossWith((f) => f()),
      weights,
    );
    const recomputed = gradient(lossWith(remat), weights);
    for (const [index, own] of plain.entries()) {
      expect(valueOf(recomputed[index], feeds)).toEqual(valueOf(own, feeds));
    }
  });

  test("recomputes inside a region only: what a region returns is kept", () => {
    const count = (loss: Tensor): number => {
      const gradients = gradient(loss, weights).filter((own) => own !== undefined);
      return ancestors([loss, ...gradients]).filter(({ op }) => op.name === "tanh").length;
    };
    expect(count(lossWith((f) => f()))).toBe(3);
    expect(count(lossWith(remat))).toBe(6);
  });
});
