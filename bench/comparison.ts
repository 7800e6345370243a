/** One piece of work on both sides, as a row of the report. */
import { ourCost, peerCost } from "./fresh.js";
import { measure } from "./measure.js";
import { type Bar, type Row, judge } from "./report.js";
import { type Side, type Work, describeWork, threads } from "./work.js";

export type Sides = { readonly ours: Side; readonly peer: Side };

/** What each side does: the same, unless the peer does it in another way. */
export type Task = { readonly work: Work; readonly peerWork?: Work };

/** The time, and what `also` was found of the result. */
export async function compareTime(
  sides: Sides,
  task: Task,
  bar: Bar,
  also: Pick<Row, "cosine"> = {},
): Promise<Row> {
  const seconds = await secondsOf(sides, task);
  return judge({ work: describeTask(task), ...seconds, unit: "s", ...also }, bar);
}

/** The most memory that a process of its own holds while it does the work. */
export async function compareMemory(task: Task, bar: Bar): Promise<Row> {
  const { work, peerWork = work } = task;
  const ours = (await ourCost({ work, threads, repetitions: 2 })).peakBytes / 1e9;
  const peer = (await peerCost({ work: peerWork, threads, repetitions: 2 })).peakBytes / 1e9;
  const name = `peak resident memory, ${describeTask(task)}`;
  return judge({ work: name, ours, peer, unit: "GB" }, bar);
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
