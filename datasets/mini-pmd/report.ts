/** Result of a build: how many samples were kept, what was left out and why. */
export interface StepReport {
  /** Samples by folder, such as "pairs/icons/train". */
  readonly kept: Record<string, number>;
  /** Counts of what was left out, by source and reason, such as "icons: copy of a held-out image". */
  readonly dropped: Record<string, number>;
  /** Examples of what was left out, with the reason. */
  readonly examples: string[];
  /** Words of texts by folder. */
  readonly words: Record<string, number>;
  seconds: number;
}

const mostExamples = 40;

export const emptyReport = (): StepReport => ({
  kept: {},
  dropped: {},
  examples: [],
  words: {},
  seconds: 0,
});

/** Adds one under `key`. */
export function count(counts: Record<string, number>, key: string, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by;
}

/** Records something that was left out. */
export function drop(report: StepReport, source: string, reason: string, example: string): void {
  count(report.dropped, `${source}: ${reason}`);
  if (report.examples.length < mostExamples) report.examples.push(`${example}: ${reason}`);
}
