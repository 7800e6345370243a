/** What was left out, and why: jobs go on over damaged samples, and tell of them at the end. */
export interface SkippedSample {
  readonly key: string;
  readonly reason: SkipReason;
  /** What exactly was wrong. */
  readonly message: string;
}

export type SkipReason = "missing" | "empty" | "damaged" | "too large" | "unreadable" | "unwanted";

/** Counts what was skipped by reason and keeps the first thousand for the report. */
export class SkippedSamples {
  readonly counts = new Map<SkipReason, number>();
  readonly first: SkippedSample[] = [];

  add(key: string, reason: SkipReason, message: string): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    if (this.first.length < 1000) this.first.push({ key, reason, message });
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** One line for people, such as "3 skipped: 2 damaged, 1 empty"; empty where nothing was. */
  summary(): string {
    const parts = [...this.counts].map(([reason, count]) => `${count} ${reason}`);
    return parts.length === 0 ? "" : `${this.total} skipped: ${parts.join(", ")}`;
  }
}
