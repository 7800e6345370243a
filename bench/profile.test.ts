import { describe, expect, it } from "vitest";
import { gradient } from "../src/graph/gradient.js";
import { attention } from "../src/graph/ops/attention.js";
import { conv2d } from "../src/graph/ops/convolution.js";
import { linear } from "../src/graph/ops/matmul.js";
import { sum } from "../src/graph/ops/reduce.js";
import { placeholder } from "../src/graph/placeholder.js";
import { type Instruction, plan } from "../src/graph/plan.js";
import { type Tensor, spec } from "../src/graph/tensor.js";
import { flopsOf, formatProfile } from "./profile.js";

const input = (name: string, ...shape: number[]): Tensor => placeholder(spec(shape), name);

/** What computes the sum of all elements, and the gradients of it. */
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

describe("formatProfile", () => {
  it("adds up what has the same name, the slowest first, and what takes hardly any time last", () => {
    const [x, weight] = [input("x", 10, 100), input("weight", 1000, 100)];
    const made = instructions(linear(x, weight), x, weight);
    const timed = made.map((instruction) => ({
      instruction,
      seconds: instruction.op.name === "matmul" ? 0.001 : 1e-9,
    }));
    const lines = formatProfile(timed, ({ op }) => op.name)
      .split("\n")
      .slice(2);
    expect(lines[0]).toBe("| matmul | 3 | 3 | 100.0 % | 2 |");
    expect(lines[1]).toMatch(/^\| others \|/);
    expect(lines).toHaveLength(2);
  });
});
