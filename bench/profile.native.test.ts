import { describe, expect, it } from "vitest";
import { nativeLevels } from "../src/backend/native.js";
import { gradient } from "../src/graph/gradient.js";
import { linear } from "../src/graph/ops/matmul.js";
import { sum } from "../src/graph/ops/broadcast.js";
import { placeholder } from "../src/graph/placeholder.js";
import { plan } from "../src/graph/plan.js";
import { spec } from "../src/graph/tensor.js";
import { measureLimits } from "./limits.js";
import { formatProfile } from "./profile.js";

describe.runIf(nativeLevels().length > 0)("the limits", () => {
  it("are measured", async () => {
    const { flops, bytes } = await measureLimits("bfloat16", 2 ** 20); // long enough for the clock
    for (const rate of [flops, bytes]) expect(rate).toBeGreaterThan(0);
  });
});

describe("formatProfile", () => {
  it("groups by name, slowest first, and sums up the rest in the last line", () => {
    const [x, weight] = [
      placeholder(spec([10, 100]), "x"),
      placeholder(spec([1000, 100]), "weight"),
    ];
    const total = sum(linear(x, weight));
    const traced = [total, ...gradient(total, [x, weight])];
    const outputs = new Map(traced.map((tensor, index) => [String(index), tensor!]));
    const { instructions } = plan({ outputs, updates: new Map() }, false);
    const timed = instructions.map((instruction) => ({
      instruction,
      seconds: instruction.op.name === "matmul" ? 0.001 : 1e-9,
    }));
    const limits = { flops: 4e9, bytes: 1e12 };
    const lines = formatProfile(timed, limits, ({ op }) => op.name)
      .split("\n")
      .slice(2);
    // Three products of 1 million multiplications and additions in 1 ms each.
    expect(lines[0]).toMatch(/^\| matmul \| 3 \| 3 \| 100.0 % \| 2 \| [\d.]+ \| 50 % \|$/);
    expect(lines[1]).toMatch(/^\| others \|/);
    expect(lines).toHaveLength(2);
  });
});
