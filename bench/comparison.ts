/** The lines of a comparison: one workload on both sides each, measured and judged on its own. */
import { ourCost, peerCost } from "./fresh.js";
import { type Effort, measure } from "./measure.js";
import { type Bar, type Row, judge } from "./report.js";
import { type Side, type Work, describeWork, threads } from "./work.js";

/** Both sides, and how long they are measured. */
export type Comparison = {
  readonly ours: Side;
  readonly peer: Side;
  readonly effort: Effort;
};

/** A row that can be measured. */
export type Line = {
  readonly label: string;
  /** Whether it is one of those that `--quick` measures. */
  readonly headline?: boolean;
  readonly measure: (comparison: Comparison) => Promise<Row>;
};

/** The workload of each side: the same, unless the peer's differs. */
type Task = { readonly work: Work; readonly peerWork?: Work };

/** Seconds of each side. */
type Seconds = { readonly ours: number; readonly peer: number; readonly noisy: boolean };

/** Compares times; `also` adds a measurement of the result. */
export function timeLine(
  task: Task,
  bar: Bar,
  also: () => Promise<Pick<Row, "cosine">> = () => Promise.resolve({}),
): Line {
  const work = describeTask(task);
  return {
    label: work,
    measure: async (comparison) => {
      const found = await also();
      const seconds = await secondsOf(comparison, task);
      return judge({ work, ...seconds, unit: "s", ...found }, bar);
    },
  };
}

/** Compares times where memory is too small for both sides at once: each runs in a process of its own, one after the other. */
export function apartLine(task: Task, bar: Bar): Line {
  const label = `${describeTask(task)}, one side after the other`;
  const { work, peerWork = work } = task;
  return {
    label,
    measure: async ({ effort }) => {
      const ours = await ourCost({ work, threads, effort });
      const peer = await peerCost({ work: peerWork, threads, effort });
      const seconds = { ours: ours.seconds, peer: peer.seconds, noisy: ours.noisy || peer.noisy };
      return judge({ work: label, ...seconds, unit: "s" }, bar);
    },
  };
}

/** Compares the peak resident memory of new processes. */
export function memoryLine(task: Task, bar: Bar): Line {
  const label = `peak resident memory, ${describeTask(task)}`;
  const { work, peerWork = work } = task;
  return {
    label,
    measure: async ({ effort }) => {
      const request = { threads, effort: { ...effort, rounds: 2 } };
      const ours = (await ourCost({ work, ...request })).peakBytes / 1e9;
      const peer = (await peerCost({ work: peerWork, ...request })).peakBytes / 1e9;
      return judge({ work: label, ours, peer, unit: "GB" }, bar);
    },
  };
}

/** The line as one of those that `--quick` measures. */
export function headline(line: Line): Line {
  return { ...line, headline: true };
}

export async function secondsOf(
  { ours, peer, effort }: Comparison,
  { work, peerWork = work }: Task,
  count = threads,
): Promise<Seconds> {
  const contenders = [
    { side: ours, work },
    { side: peer, work: peerWork },
  ];
  const { seconds, noisy } = await measure(contenders, count, effort);
  return { ours: seconds[0]!, peer: seconds[1]!, noisy };
}

function describeTask({ work, peerWork = work }: Task): string {
  const [ours, peer] = [dtypeOf(work), dtypeOf(peerWork)];
  return ours === peer ? describeWork(work) : `${describeWork(work)} against ${peer}`;
}

function dtypeOf(work: Work): string {
  return "dtype" in work ? work.dtype : "";
}
