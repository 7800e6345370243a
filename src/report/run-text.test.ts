import { describe, expect, it } from "vitest";
import { curves, oneLine, sparkline } from "./run-text.js";

const log = Array.from({ length: 100 }, (_, index) => ({
  step: index + 1,
  seconds: index,
  kind: "training" as const,
  scalars: { mlm: 10 - index / 20, "step ms": 500 },
}));
const evaluation = { step: 100, seconds: 100, kind: "evaluation" as const, scalars: { mlm: 6.5 } };
const losses = { mlm: 10.326 };
const entries = [...log, evaluation];
const stage = { name: "text", steps: 220, state: "training", losses, log: entries } as const;

describe("a stage in text", () => {
  it("is a curve beside the last values and the baseline", () => {
    const [progress, head, row] = curves(stage, 80);
    expect(progress).toBe("text 100/220, 60 s left");
    expect(row).toMatch(/^mlm {3}█+▇+▆+▅+▄+▃+▂+▁+ +5\.050 +6\.500 +10\.326$/);
    expect(row).toHaveLength(head!.length);
    expect(Math.max(...curves(stage, 60).map((line) => line.length))).toBeLessThan(60);
  });

  it("is one line where it cannot be redrawn", () => {
    expect(oneLine(stage)).toBe("text 100/220, 60 s left  mlm 5.050");
    expect(oneLine({ ...stage, log: [] })).toBe("text: nothing has been logged yet");
    const last = { ...stage, steps: 100 };
    expect(oneLine(last)).toBe("text 100/100, writing the model  mlm 5.050");
    expect(oneLine({ ...last, state: "finished" })).toBe("text 100/100, finished  mlm 5.050");
    expect(oneLine({ ...stage, state: "stopped" })).toBe("text 100/220, stopped  mlm 5.050");
  });
});

describe("sparkline", () => {
  it("averages neighbors, and marks what is not finite", () => {
    expect(sparkline([0, 0, 7, 7], 2)).toBe("▁█");
    expect(sparkline([0, NaN, 7], 10)).toBe("▁?█");
    expect(sparkline([3, 3], 10)).toBe("▅▅");
    expect(sparkline([], 10)).toBe("");
  });
});
