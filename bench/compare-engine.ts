import { type Comparison, compareMemory, compareTime, secondsOf } from "./comparison.js";
import { median } from "./measure.js";
import { type Row, judge } from "./report.js";
import { type Encoder, type Product, describeWork, product, productFlops } from "./work.js";

const step = { kind: "train", batch: 8, tokens: 197 } as const;

/** Compares the engine with PyTorch; yields each selected row as it is measured. */
export async function* compareEngine(comparison: Comparison): AsyncGenerator<Row> {
  for (const dtype of ["bfloat16", "float32"] as const) {
    yield* compareProducts(comparison, dtype);
    const work = { ...step, dtype };
    yield* compareTime(comparison, { work }, { atMost: 0.9 });
    yield* compareMemory(comparison, { work }, { atMost: 0.7 });
  }
  for (const batch of [1, 8]) {
    const forward = { kind: "infer", batch, tokens: 197 } as const;
    const peerWork: Encoder = { ...forward, dtype: "bfloat16" };
    yield* compareTime(comparison, { work: peerWork }, { atMost: 0.9 });
    yield* compareTime(
      comparison,
      { work: { ...forward, dtype: "int8" }, peerWork },
      { atMost: 0.65 },
    );
  }
  yield* compareThreads(comparison, { ...step, dtype: "bfloat16" });
  yield* compareOverhead(comparison);
}

/** One row for each size, and one for the median over all, which needs every size. */
async function* compareProducts(
  comparison: Comparison,
  dtype: Product["dtype"],
): AsyncGenerator<Row> {
  const { isSelected } = comparison;
  const label = `products, ${dtype}, median`;
  const rows: Row[] = [];
  for (const m of [197, 1576, 8192]) {
    for (const k of [768, 3072]) {
      for (const n of [768, 3072, 30522]) {
        const work = product(m, k, n, dtype);
        if (!isSelected(describeWork(work)) && !isSelected(label)) continue;
        const seconds = await secondsOf(comparison, { work });
        const rate = (side: "ours" | "peer"): number => productFlops(work) / seconds[side] / 1e9;
        const rates = { ours: rate("ours"), peer: rate("peer"), unit: "GFLOP/s" };
        const row = judge({ work: describeWork(work), ...rates }, { atLeast: 0.8 });
        rows.push(row);
        if (isSelected(row.work)) yield row;
      }
    }
  }
  if (!isSelected(label)) return;
  const middle = (key: "ours" | "peer" | "ratio"): number => median(rows.map((row) => row[key]));
  const medians = { ours: middle("ours"), peer: middle("peer"), ratio: middle("ratio") };
  yield judge({ work: label, ...medians, unit: "GFLOP/s" }, { atLeast: 0.95 });
}

/** Speed-up of two threads over one; the bar is on our own figure. */
async function* compareThreads(comparison: Comparison, work: Encoder): AsyncGenerator<Row> {
  const label = `one to two threads, ${describeWork(work)}`;
  if (!comparison.isSelected(label)) return;
  const one = await secondsOf(comparison, { work }, 1);
  const two = await secondsOf(comparison, { work }, 2);
  const gain = { ours: one.ours / two.ours, peer: one.peer / two.peer };
  yield judge({ work: label, ...gain, unit: "times", ratio: gain.ours }, { atLeast: 1.85 });
}

/** Milliseconds of a thousand operations on a few numbers; the bar is on our own figure. */
async function* compareOverhead(comparison: Comparison): AsyncGenerator<Row> {
  const work = { kind: "tiny operations", count: 1000 } as const;
  if (!comparison.isSelected(describeWork(work))) return;
  const seconds = await secondsOf(comparison, { work });
  const [ours, peer] = [seconds.ours * 1000, seconds.peer * 1000];
  yield judge({ work: describeWork(work), ours, peer, unit: "ms", ratio: ours }, { atMost: 1 });
}
