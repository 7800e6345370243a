import { describe, expect, it } from "vitest";
import { barsOf, describeBars, machineKind } from "./bars.js";
import { inPeerPrecision, peerPrecision } from "./peer-precision.js";
import { engineLines, roofline } from "./compare-engine.js";
import { modelLines } from "./compare-model.js";
import type { Line } from "./comparison.js";
import { measure, median, quick } from "./measure.js";
import { leastCosine } from "./model.js";
import { plot } from "./plot.js";
import { searchOurs } from "./probe.js";
import { figure, formatRow, judge } from "./report.js";
import { measureLines, selectLines, summarize } from "./run-lines.js";
import { type Side, captions, product, productFlops } from "./work.js";

describe("the roofline of a product", () => {
  const work = { kind: "product", m: 2, k: 4, n: 8, count: 3, dtype: "bfloat16" } as const;

  it("is the speed of arithmetic where memory is fast", () =>
    expect(roofline(work, { flops: 100, bytes: 1e9 })).toBeCloseTo(100));

  it("is what memory allows where it is slow: 384 operations on 208 bytes", () =>
    expect(roofline(work, { flops: 1e9, bytes: 13 })).toBeCloseTo(24));
});

describe("median", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 2, 9], 3],
  ])("of %j is %d", (values, middle) => expect(median(values)).toBe(middle));

  it("refuses no values", () => expect(() => median([])).toThrow("at least one value"));
});

describe("judge", () => {
  const measured = { work: "step", ours: 2, peer: 4, unit: "s" };

  it("accepts a time up to the bar", () => {
    expect(judge(measured, { atMost: 0.5 })).toEqual({
      ...measured,
      ratio: 0.5,
      bar: "<= 0.5",
      holds: true,
      noisy: false,
    });
    expect(judge(measured, { atMost: 0.49 }).holds).toBe(false);
  });

  it("accepts a rate from the bar up", () => {
    expect(judge(measured, { atLeast: 0.5 }).holds).toBe(true);
    expect(judge(measured, { atLeast: 0.51 }).holds).toBe(false);
  });

  it("fails a row that was not measured", () => {
    expect(judge({ ...measured, ours: NaN }, { atMost: 1 }).holds).toBe(false);
    expect(judge({ ...measured, ours: NaN }, { atLeast: 0 }).holds).toBe(false);
  });

  it("judges a given ratio instead", () => {
    const row = judge({ ...measured, unit: "times", ratio: 2 }, { atLeast: 1.85 });
    expect(formatRow(row)).toBe("| step | 2 | 4 | times | 2.00 | >= 1.85 | yes |");
  });
});

describe("judge, with a required cosine", () => {
  const measured = { work: "embedding", ours: 1, peer: 2, unit: "s" };
  const bar = { atMost: 0.6, cosineAtLeast: 0.995 };

  it("requires both ratio and cosine", () => {
    const row = judge({ ...measured, cosine: 0.9987 }, bar);
    const cells = "0.50, cosine 0.9987 | <= 0.6, cosine >= 0.995 | yes |";
    expect(formatRow(row)).toBe(`| embedding | 1 | 2 | s | ${cells}`);
    expect(judge({ ...measured, cosine: 0.99 }, bar).holds).toBe(false);
    expect(judge({ ...measured, cosine: 0.999 }, { ...bar, atMost: 0.4 }).holds).toBe(false);
  });

  it("fails without the cosine", () => expect(judge(measured, bar).holds).toBe(false));
});

describe.each([
  ["engine", engineLines, "peak resident memory, training step, batch 8, 197 tokens, float32"],
  ["model", modelLines, "loading 357,645,303 parameters"],
] as const)("the lines of the %s", (_, linesFor, known) => {
  const lines = linesFor(barsOf("amx"));
  const labels = (chosen: readonly Line[]): string[] => chosen.map(({ label }) => label);

  it("have different labels, by which they are selected", () => {
    expect(new Set(labels(lines)).size).toBe(lines.length);
    expect(labels(selectLines(lines, { only: known }))).toEqual([known]);
    expect(selectLines(lines, {})).toEqual(lines);
  });

  it("are few with --quick", () => {
    const quick = selectLines(lines, { quick: true });
    expect(quick.length).toBeGreaterThan(3);
    expect(quick.length).toBeLessThan(9);
  });
});

describe("bars", () => {
  it("depend on the kind of machine", () => {
    expect(machineKind("processor : 0\nflags\t\t: fpu avx512f amx_bf16 amx_tile\n")).toBe("amx");
    expect(machineKind("processor : 0\nflags\t\t: fpu avx512f avx512_bf16\n")).toBe("avx512bf16");
    expect(describeBars("flags\t\t: fpu avx512_bf16\n")).toBe("Bars for avx512bf16");
    expect(describeBars("flags\t\t: fpu avx2\n")).toContain("which this machine does not have");
    expect(barsOf("amx").products).toBeGreaterThan(barsOf("avx512bf16").products);
  });

  it("let PyTorch compute in bfloat16 where the processor does", () => {
    expect(peerPrecision("flags\t\t: fpu avx512f avx512_bf16 avx512_fp16\n")).toBe("bfloat16");
    expect(peerPrecision("flags\t\t: fpu avx2 fma\n")).toBe("float32");
    const work = product(8, 8, 8, "bfloat16");
    expect(inPeerPrecision(work, "float32")).toEqual({ ...work, dtype: "float32" });
  });
});

/** A side whose runs take no time and are reported as so many seconds. */
function sideOf(secondsPerRun: number): Side {
  return {
    prepare: () => Promise.resolve(),
    time: () => Promise.resolve(secondsPerRun),
    processorSeconds: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}

describe("measureLines", () => {
  const row = judge({ work: "works", ours: 1, peer: 2, unit: "s" }, { atMost: 0.6 });
  const fails: Line = {
    label: "fails",
    measure: () => Promise.reject(new Error("no\nroom")),
  };
  const works: Line = { label: "works", measure: () => Promise.resolve(row) };
  const comparison = { ours: sideOf(1), peer: sideOf(1), effort: quick };

  it("prints a line that fails, and goes on", async () => {
    const printed: string[] = [];
    const outcomes = await measureLines([fails, works], comparison, (line) => printed.push(line));
    expect(printed).toEqual(["| fails |  |  |  |  |  | failed: no room |", formatRow(row)]);
    expect(summarize(outcomes)).toEqual({
      text: "1 of 1 bars hold; 1 rows failed.",
      holds: false,
    });
    expect(summarize([row]).holds).toBe(true);
    expect(summarize([{ ...row, noisy: true }]).text).toBe("1 of 1 bars hold; 1 rows are noisy.");
    expect(summarize([]).holds).toBe(false);
  });
});

describe("measure", () => {
  it("ends on a machine that is never quiet, and says so", async () => {
    // The sides claim to have used no time, so that all that this machine does is that of others.
    const busy: Side = {
      ...sideOf(0.3),
      time: () => {
        const end = performance.now() + 300;
        while (performance.now() < end);
        return Promise.resolve(0.3);
      },
    };
    const effort = { rounds: 1, seconds: 0.1, patienceSeconds: 0 };
    const work = { kind: "tiny operations", count: 1 } as const;
    const found = await measure([{ side: busy, work }], 1, effort);
    expect(found).toEqual({ seconds: [0.3], noisy: true });
  });
});

describe("the search of a probe", () => {
  it("finds better than chance, in any size", async () => {
    const found = await searchOurs({ items: 60, width: 8, classes: 3 }, "reference");
    expect(found.accuracy).toBeGreaterThan(0.4);
    expect(found.seconds).toBeGreaterThan(0);
  });
});

describe("leastCosine", () => {
  it("is that of the two vectors that differ most", () => {
    const a = Float32Array.of(1, 0, 3, 4);
    expect(leastCosine(a, Float32Array.of(2, 0, 3, 4), 2)).toBe(1);
    expect(leastCosine(a, Float32Array.of(2, 0, 4, 3), 2)).toBeCloseTo(24 / 25);
  });
});

describe("captions", () => {
  it("have from 8 to 24 tokens", () => {
    expect(captions(1, 24)).toEqual({ lengths: [16], padded: 24 });
    expect(captions(3, 77)).toEqual({ lengths: [8, 16, 24], padded: 77 });
  });
});

describe("figure", () => {
  it.each([
    [0.012345, "0.0123"],
    [2.5, "2.5"],
    [426.4, "426"],
    [12345, "12345"],
  ])("writes %d as %s", (value, text) => expect(figure(value)).toBe(text));
});

describe("product", () => {
  it("repeats small products until they can be timed, but not large ones", () => {
    expect(product(197, 768, 768, "bfloat16").count).toBe(32);
    expect(product(8192, 3072, 30522, "float32").count).toBe(1);
    const work = product(197, 3072, 768, "bfloat16");
    expect(productFlops(work)).toBe(2 * 197 * 3072 * 768 * work.count);
  });
});

describe("plot", () => {
  it("draws every point of every line", () => {
    const points = [1, 2, 4].map((x) => ({ x, y: 3 * x }));
    const series = ["ours", "peer"].map((name) => ({ name, points }));
    const image = plot([{ x: "batch", y: "seconds", series }]);
    expect(image.match(/<circle/g)).toHaveLength(6);
    expect(image).not.toContain("NaN");
  });
});
