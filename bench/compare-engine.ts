import { type Sides, compareMemory, compareTime, secondsOf } from "./comparison.js";
import { median } from "./measure.js";
import { type Row, judge } from "./report.js";
import { type Encoder, type Product, describeWork, product, productFlops } from "./work.js";

const step = { kind: "train", batch: 8, tokens: 197 } as const;

/** Every row of the comparison of the engine with PyTorch, as it is measured. */
export async function* compareEngine(sides: Sides): AsyncGenerator<Row> {
  for (const dtype of ["bfloat16", "float32"] as const) {
    yield* compareProducts(sides, dtype);
    const work = { ...step, dtype };
    yield await compareTime(sides, { work }, { atMost: 0.9 });
    yield await compareMemory({ work }, { atMost: 0.7 });
  }
  for (const batch of [1, 8]) {
    const forward = { kind: "infer", batch, tokens: 197 } as const;
    const peerWork: Encoder = { ...forward, dtype: "bfloat16" };
    yield await compareTime(sides, { work: peerWork }, { atMost: 0.9 });
    yield await compareTime(
      sides,
      { work: { ...forward, dtype: "int8" }, peerWork },
      { atMost: 0.65 },
    );
  }
  yield await compareThreads(sides, { ...step, dtype: "bfloat16" });
  yield await compareOverhead(sides);
}

/** One row for each size, and one for the median over all. */
async function* compareProducts(sides: Sides, dtype: Product["dtype"]): AsyncGenerator<Row> {
  const rows: Row[] = [];
  for (const m of [197, 1576, 8192]) {
    for (const k of [768, 3072]) {
      for (const n of [768, 3072, 30522]) {
        const work = product(m, k, n, dtype);
        const seconds = await secondsOf(sides, { work });
        const rate = (side: "ours" | "peer"): number => productFlops(work) / seconds[side] / 1e9;
        const rates = { ours: rate("ours"), peer: rate("peer"), unit: "GFLOP/s" };
        const row = judge({ work: describeWork(work), ...rates }, { atLeast: 0.8 });
        rows.push(row);
        yield row;
      }
    }
  }
  const middle = (key: "ours" | "peer" | "ratio"): number => median(rows.map((row) => row[key]));
  const medians = { ours: middle("ours"), peer: middle("peer"), ratio: middle("ratio") };
  const work = `products, ${dtype}, median`;
  yield judge({ work, ...medians, unit: "GFLOP/s" }, { atLeast: 0.95 });
}

/** How many times faster two threads are than one; the bar is on our own figure. */
async function compareThreads(sides: Sides, work: Encoder): Promise<Row> {
  const one = await secondsOf(sides, { work }, 1);
  const two = await secondsOf(sides, { work }, 2);
  const gain = { ours: one.ours / two.ours, peer: one.peer / two.peer };
  const name = `one to two threads, ${describeWork(work)}`;
  return judge({ work: name, ...gain, unit: "times", ratio: gain.ours }, { atLeast: 1.85 });
}

/** Milliseconds of a thousand operations on a few numbers; the bar is on our own figure. */
async function compareOverhead(sides: Sides): Promise<Row> {
  const work = { kind: "tiny operations", count: 1000 } as const;
  const seconds = await secondsOf(sides, { work });
  const [ours, peer] = [seconds.ours * 1000, seconds.peer * 1000];
  return judge({ work: describeWork(work), ours, peer, unit: "ms", ratio: ours }, { atMost: 1 });
}
