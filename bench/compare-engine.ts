import type { Bars } from "./bars.js";
import {
  type Comparison,
  type Line,
  headline,
  memoryLine,
  secondsOf,
  timeLine,
} from "./comparison.js";
import { type Limits, measureLimits } from "./limits.js";
import { measure, median } from "./measure.js";
import { openOurs } from "./ours.js";
import { type Row, judge } from "./report.js";
import {
  type Encoder,
  type Product,
  describeWork,
  product,
  productBytes,
  productFlops,
  threads,
} from "./work.js";

const step = { kind: "train", batch: 8, tokens: 197 } as const;

/** The lines that compare the engine with PyTorch. */
export function engineLines(bars: Bars): Line[] {
  const bfloat16 = { work: { ...step, dtype: "bfloat16" } } as const;
  const float32 = { work: { ...step, dtype: "float32" } } as const;
  return [
    ...productLines("bfloat16", { each: 1, median: bars.products }),
    headline(timeLine(bfloat16, { atMost: bars.encoderStep })),
    memoryLine(bfloat16, { atMost: 0.7 }),
    ...productLines("float32", { each: 0.8, median: 0.95 }),
    timeLine(float32, { atMost: 0.9 }),
    memoryLine(float32, { atMost: 0.7 }),
    headline(narrowProductsLine(bars)),
    ...[1, 8].flatMap((batch) => forwardLines(batch)),
    secondThreadLine({ ...step, dtype: "bfloat16" }, bars),
    overheadLine(),
  ];
}

function forwardLines(batch: number): Line[] {
  const forward = { kind: "infer", batch, tokens: 197 } as const;
  const peerWork: Encoder = { ...forward, dtype: "bfloat16" };
  return [
    headline(timeLine({ work: peerWork }, { atMost: 0.9 })),
    timeLine({ work: { ...forward, dtype: "int8" }, peerWork }, { atMost: 0.65 }),
  ];
}

/** The products of the comparison. */
function productsOf(dtype: Product["dtype"]): Product[] {
  return [197, 1576, 8192].flatMap((m) =>
    [768, 3072].flatMap((k) => [768, 3072, 30522].map((n) => product(m, k, n, dtype))),
  );
}

/** One line for each size; in bfloat16 one for the roofline; and one for the median over all, which needs every size. */
function productLines(
  dtype: Product["dtype"],
  bars: { readonly each: number; readonly median: number },
): Line[] {
  const measured = new Map<string, Promise<Row>>();
  const lines = productsOf(dtype).map((work): Line => {
    const label = describeWork(work);
    const measureOnce = (comparison: Comparison): Promise<Row> => {
      const row = measured.get(label) ?? compareProduct(comparison, { work }, bars.each);
      measured.set(label, row);
      return row;
    };
    return {
      label,
      headline: dtype === "bfloat16" && work.k === 768 && work.n === 3072,
      measure: measureOnce,
    };
  });
  const label = `products, ${dtype}, median`;
  const measureMedian = async (comparison: Comparison): Promise<Row> => {
    const rows: Row[] = [];
    for (const line of lines) rows.push(await line.measure(comparison));
    return medianRow(label, rows, bars.median);
  };
  const middle = { label, measure: measureMedian };
  return dtype === "bfloat16" ? [...lines, rooflineLine(), middle] : [...lines, middle];
}

/** The products of at least so many rows are compared with the roofline. */
const manyRows = 1576;

/**
 * Our products of many rows against the least time that the processor's instructions and our fastest pass over memory, both
 * measured in the same run, allow for them. The ratio is the least share.
 */
function rooflineLine(): Line {
  const label = `products of ${manyRows.toLocaleString("en")} rows and more, bfloat16, share of the roofline`;
  return {
    label,
    measure: async ({ ours, effort }) => {
      const limits = await measureLimits("bfloat16");
      const [found, possible]: [number[], number[]] = [[], []];
      let noisy = false;
      for (const work of productsOf("bfloat16").filter(({ m }) => m >= manyRows)) {
        const measured = await measure([{ side: ours, work }], threads, effort);
        noisy ||= measured.noisy;
        found.push(productFlops(work) / measured.seconds[0]! / 1e9);
        possible.push(roofline(work, limits) / 1e9);
      }
      const ratio = Math.min(...found.map((rate, index) => rate / possible[index]!));
      const rates = { ours: median(found), peer: median(possible), unit: "GFLOP/s", noisy };
      return judge({ work: label, ...rates, ratio }, { atLeast: 0.6 });
    },
  };
}

/** Operations per second that the limits allow at most, if factors and result pass through memory once. */
export function roofline(work: Product, { flops, bytes }: Limits): number {
  const total = productFlops(work);
  return total / Math.max(total / flops, productBytes(work) / bytes);
}

function medianRow(work: string, rows: readonly Row[], atLeast: number): Row {
  const middle = (key: "ours" | "peer" | "ratio"): number => median(rows.map((row) => row[key]));
  const medians = { ours: middle("ours"), peer: middle("peer"), ratio: middle("ratio") };
  const noisy = rows.some((row) => row.noisy);
  return judge({ work, ...medians, unit: "GFLOP/s", noisy }, { atLeast });
}

async function compareProduct(
  comparison: Comparison,
  task: { readonly work: Product; readonly peerWork?: Product },
  atLeast: number,
): Promise<Row> {
  const { work } = task;
  const { ours, peer, noisy } = await secondsOf(comparison, task);
  const rate = (seconds: number): number => productFlops(work) / seconds / 1e9;
  const rates = { ours: rate(ours), peer: rate(peer), unit: "GFLOP/s", noisy };
  return judge({ work: describeWork(work), ...rates }, { atLeast });
}

const narrowSizes = [
  [1576, 768, 3072],
  [1576, 3072, 768],
  [8192, 768, 768],
] as const;

/** Our products with 8-bit weights against our own in bfloat16, which take the column of the peer. */
function narrowProductsLine(bars: Bars): Line {
  const label = "products, 8 bits against our bfloat16, median";
  return {
    label,
    measure: async ({ ours, effort }) => {
      const sides = { ours, peer: openOurs(), effort };
      const rows: Row[] = [];
      for (const [m, k, n] of narrowSizes) {
        const [work, peerWork] = [product(m, k, n, "int8"), product(m, k, n, "bfloat16")];
        const row = await compareProduct(sides, { work, peerWork }, bars.productsIn8Bits);
        rows.push(row);
      }
      await sides.peer.close();
      return medianRow(label, rows, bars.productsIn8Bits);
    },
  };
}

/** Speed-up of two threads over one; the bar is on our own figure. */
function secondThreadLine(work: Encoder, bars: Bars): Line {
  const label = `one to two threads, ${describeWork(work)}`;
  return {
    label,
    measure: async (comparison) => {
      const one = await secondsOf(comparison, { work }, 1);
      const two = await secondsOf(comparison, { work }, 2);
      const gain = { ours: one.ours / two.ours, peer: one.peer / two.peer };
      const noisy = one.noisy || two.noisy;
      const row = { work: label, ...gain, unit: "times", ratio: gain.ours, noisy };
      return judge(row, { atLeast: bars.secondThread });
    },
  };
}

/** Milliseconds of a thousand operations on a few numbers; the bar is on our own figure. */
function overheadLine(): Line {
  const work = { kind: "tiny operations", count: 1000 } as const;
  const label = describeWork(work);
  return {
    label,
    measure: async (comparison) => {
      const seconds = await secondsOf(comparison, { work });
      const [ours, peer] = [seconds.ours * 1000, seconds.peer * 1000];
      const row = { work: label, ours, peer, unit: "ms", ratio: ours, noisy: seconds.noisy };
      return judge(row, { atMost: 1 });
    },
  };
}
