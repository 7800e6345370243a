/** One workload on both sides, as a row of the report. */
import { ourCost, peerCost } from "./fresh.js";
import { measure } from "./measure.js";
import { type Bar, type Row, judge } from "./report.js";
import { type Side, type Work, describeWork, threads } from "./work.js";

type Sides = { readonly ours: Side; readonly peer: Side };

/** Both sides, and a filter of rows. */
export type Comparison = Sides & { readonly isSelected: (label: string) => boolean };

/** The workload of each side: the same, unless the peer's differs. */
type Task = { readonly work: Work; readonly peerWork?: Work };

/** Compares times; `also` adds a measurement of the result. */
export async function* compareTime(
  comparison: Comparison,
  task: Task,
  bar: Bar,
  also: () => Promise<Pick<Row, "cosine">> = () => Promise.resolve({}),
): AsyncGenerator<Row> {
  const label = describeTask(task);
  if (!comparison.isSelected(label)) return;
  const found = await also();
  const seconds = await secondsOf(comparison, task);
  yield judge({ work: label, ...seconds, unit: "s", ...found }, bar);
}

/** Compares the peak resident memory of new processes. */
export async function* compareMemory(
  { isSelected }: Comparison,
  task: Task,
  bar: Bar,
): AsyncGenerator<Row> {
  const label = `peak resident memory, ${describeTask(task)}`;
  if (!isSelected(label)) return;
  const { work, peerWork = work } = task;
  const ours = (await ourCost({ work, threads, repetitions: 2 })).peakBytes / 1e9;
  const peer = (await peerCost({ work: peerWork, threads, repetitions: 2 })).peakBytes / 1e9;
  yield judge({ work: label, ours, peer, unit: "GB" }, bar);
}

export async function secondsOf(
  sides: Sides,
  { work, peerWork = work }: Task,
  count = threads,
): Promise<{ ours: number; peer: number }> {
  const contenders = [
    { side: sides.ours, work },
    { side: sides.peer, work: peerWork },
  ];
  const [ours, peer] = await measure(contenders, count);
  return { ours: ours!, peer: peer! };
}

function describeTask({ work, peerWork = work }: Task): string {
  const [ours, peer] = [dtypeOf(work), dtypeOf(peerWork)];
  return ours === peer ? describeWork(work) : `${describeWork(work)} against ${peer}`;
}

function dtypeOf(work: Work): string {
  return "dtype" in work ? work.dtype : "";
}
