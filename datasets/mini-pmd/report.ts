/** What came of a build: how many samples were kept, and what was left out why. */
export interface StepReport {
  /** Samples by folder, such as "pairs/icons/train". */
  readonly kept: Record<string, number>;
  /** What was left out by source and reason, such as "icons: copy of a held-out image". */
  readonly dropped: Record<string, number>;
  /** Some of what was left out, with the reason. */
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

/** Counts one more under `key`. */
export function count(counts: Record<string, number>, key: string, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by;
}

/** Notes something that was left out. */
export function drop(report: StepReport, source: string, reason: string, example: string): void {
  count(report.dropped, `${source}: ${reason}`);
  if (report.examples.length < mostExamples) report.examples.push(`${example}: ${reason}`);
}
