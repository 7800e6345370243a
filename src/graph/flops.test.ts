import { describe, expect, it } from "vitest";
import { gradient } from "./gradient.js";
import { attention } from "./ops/attention.js";
import { conv2d } from "./ops/convolution.js";
import { linear } from "./ops/matmul.js";
import { sum } from "./ops/broadcast.js";
import { placeholder } from "./placeholder.js";
import { type Instruction, plan } from "./plan.js";
import { type Tensor, spec } from "./tensor.js";
import { flopsOf } from "./flops.js";

const input = (name: string, ...shape: number[]): Tensor => placeholder(spec(shape), name);

/** The graph of the sum of all elements and its gradients. */
function instructions(result: Tensor, ...inputs: Tensor[]): readonly Instruction[] {
  const total = sum(result);
  const outputs = new Map([total, ...gradient(total, inputs)].map((t, i) => [String(i), t!]));
  return plan({ outputs, updates: new Map() }, false).instructions;
}

const flops = (made: readonly Instruction[], name: string): number[] =>
  made.filter(({ op }) => op.name === name).map(flopsOf);

describe("flopsOf", () => {
  it("counts a product and both of its gradients alike", () => {
    const [x, weight] = [input("x", 2, 3, 8), input("weight", 5, 8)];
    const each = 2 * (2 * 3) * 8 * 5;
    expect(flops(instructions(linear(x, weight), x, weight), "matmul")).toEqual([each, each, each]);
  });

  it("counts a convolution and both of its gradients alike", () => {
    const [x, weight] = [input("x", 2, 6, 6, 4), input("weight", 8, 3, 3, 4)];
    const made = instructions(conv2d(x, weight), x, weight);
    const each = 2 * (2 * 6 * 6) * 8 * (3 * 3 * 4);
    expect(flops(made, "conv2d")).toEqual([each, each]);
    expect(flops(made, "conv2dWeightGradient")).toEqual([each]);
  });

  it("counts two products of attention, and five of its gradient", () => {
    const [q, k, v] = [input("q", 2, 7, 8), input("k", 2, 5, 8), input("v", 2, 5, 8)];
    const made = instructions(attention(q, k, v, { heads: 2 }), q, k, v);
    const product = 2 * 2 * 7 * 5 * 8;
    expect(flops(made, "attention")).toEqual([2 * product]);
    expect(flops(made, "attentionGradient")).toEqual([5 * product]);
  });
});
