import { ourCost, peerCost } from "./fresh.js";
import { measure, median } from "./measure.js";
import { judge, type Row } from "./report.js";
import { describeWork, product, productFlops } from "./work.js";
import type { Encoder, Product, Side, Work } from "./work.js";

type Sides = { readonly ours: Side; readonly peer: Side };

const step = { kind: "train", batch: 8, tokens: 197 } as const;
const threads = 2;

/** Every row of the comparison with the peer, as it is measured. */
export async function* compare(sides: Sides): AsyncGenerator<Row> {
  for (const dtype of ["bfloat16", "float32"] as const) {
    yield* compareProducts(sides, dtype);
    yield await compareTime(sides, { ...step, dtype }, 0.9);
    yield await compareMemory({ ...step, dtype });
  }
  for (const batch of [1, 8]) {
    yield await compareTime(sides, { kind: "infer", batch, tokens: 197, dtype: "bfloat16" }, 0.9);
    yield await compareTime(sides, { kind: "infer", batch, tokens: 197, dtype: "int8" }, 0.65);
  }
  yield await compareThreads(sides, { ...step, dtype: "bfloat16" });
}

/** One row for each size, and one for the median over all. */
async function* compareProducts(sides: Sides, dtype: Product["dtype"]): AsyncGenerator<Row> {
  const rows: Row[] = [];
  for (const m of [197, 1576, 8192]) {
    for (const k of [768, 3072]) {
      for (const n of [768, 3072, 30522]) {
        const work = product(m, k, n, dtype);
        const seconds = await secondsOf(sides, work);
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

async function compareTime(sides: Sides, work: Encoder, atMost: number): Promise<Row> {
  return judge(
    { work: describeWork(work), ...(await secondsOf(sides, work)), unit: "s" },
    { atMost },
  );
}

async function compareMemory(work: Encoder): Promise<Row> {
  const request = { work, threads, repetitions: 2 };
  const ours = (await ourCost(request)).peakBytes / 1e9;
  const peer = (await peerCost(request)).peakBytes / 1e9;
  const name = `peak resident memory, ${describeWork(work)}`;
  return judge({ work: name, ours, peer, unit: "GB" }, { atMost: 0.7 });
}

/** How many times faster two threads are than one; the bar is on our own figure. */
async function compareThreads(sides: Sides, work: Encoder): Promise<Row> {
  const one = await secondsOf(sides, work, 1);
  const two = await secondsOf(sides, work, 2);
  const gain = { ours: one.ours / two.ours, peer: one.peer / two.peer };
  const name = `one to two threads, ${describeWork(work)}`;
  return judge({ work: name, ...gain, unit: "times", ratio: gain.ours }, { atLeast: 1.85 });
}

async function secondsOf(
  { ours, peer }: Sides,
  work: Work,
  count = threads,
): Promise<{ ours: number; peer: number }> {
  const [our, their] = await measure([ours, peer], work, count);
  return { ours: our!, peer: their! };
}
