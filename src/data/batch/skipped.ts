/** Samples that were left out of a data set, and why: jobs skip what cannot be used, and report it at the end. */
import { counted, grouped } from "../../base/counted.js";

/** How messages name a sample: by where it is in its file, "a.csv, line 3", else by its key. */
export interface SampleName {
  /** Unique within its source. */
  readonly key: string;
  /** Where it is in a file of many, such as "a.csv, line 3". */
  readonly where?: string | undefined;
}

/** A sample that was left out, and why. */
export interface SkippedSample extends SampleName {
  /** The kind of fault. */
  readonly reason: SkipReason;
  /** What exactly was wrong, after where it was if that is known. */
  readonly message: string;
}

/** "a.csv, line 3: not JSON." */
export const faultAt = (where: string | undefined, fault: string): string =>
  where === undefined ? fault : `${where}: ${fault}`;

/** Why a sample was left out, and how a sentence says it of one and of several. */
const predicates = {
  missing: ["has no image", "have no image"],
  empty: ["is empty", "are empty"],
  damaged: ["is damaged", "are damaged"],
  "too large": ["is too large", "are too large"],
  unreadable: ["cannot be read", "cannot be read"],
  unwanted: ["is not used", "are not used"],
} as const;

/**
 * Why a sample was left out; "unwanted" is one that nobody asked for.
 * @useDeclaredType
 */
export type SkipReason = keyof typeof predicates;
export const skipReasons = Object.keys(predicates) as SkipReason[];

/** A data set of which not a single sample can be used. */
export class NoUsableSampleError extends Error {
  override readonly name = "NoUsableSampleError";
}

/** Samples are missing or damaged where every one counts. */
export class UnusableSamplesError extends Error {
  override readonly name = "UnusableSamplesError";
}

/** The data of `SkippedSamples`, as threads send it to each other. */
export interface SkipCounts {
  /** How many, by reason. */
  readonly counts: ReadonlyMap<SkipReason, number>;
  /** The first thousand. */
  readonly first: readonly SkippedSample[];
}

/** Most samples whose keys and messages are kept. */
const mostListed = 1000;

/** Counts skipped samples by reason, and keeps the first thousand of them. */
export class SkippedSamples implements SkipCounts {
  /** How many, by reason. */
  readonly counts = new Map<SkipReason, number>();
  /** The first thousand, in order. */
  readonly first: SkippedSample[] = [];

  /**
   * Notes one more.
   * @param fault what exactly is wrong, such as "it is not JSON"
   */
  add({ key, where }: SampleName, reason: SkipReason, fault: string): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    if (this.first.length >= mostListed) return;
    const message = faultAt(where, fault);
    this.first.push({ key, ...(where !== undefined && { where }), reason, message });
  }

  /** Adds those of another thread or part. */
  addAll({ counts, first }: SkipCounts): void {
    for (const [reason, count] of counts) {
      this.counts.set(reason, (this.counts.get(reason) ?? 0) + count);
    }
    this.first.push(...first.slice(0, mostListed - this.first.length));
  }

  /** How many were left out for any reason. */
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** How many could not be used: all but those that nobody asked for. */
  get unusable(): number {
    return this.total - (this.counts.get("unwanted") ?? 0);
  }

  /**
   * One line such as "3 of 10 samples were left out: 2 are damaged, 1 cannot be read (first: cat: it is HEIC ...)"; empty
   * where nothing was left out.
   * @param used how many samples were used
   */
  summary(used: number): string {
    const { total } = this;
    if (total === 0) return "";
    const counts = [...this.counts].sort(([, a], [, b]) => b - a);
    const reasons = counts.map(
      ([reason, count]) => `${grouped(count)} ${predicates[reason][count === 1 ? 0 : 1]}`,
    );
    const { key, where, message } = this.first[0]!;
    return (
      `${grouped(total)} of ${counted(total + used, "sample")} ${total === 1 ? "was" : "were"} left out: ${reasons.join(", ")} ` +
      `(first: ${where === undefined ? `${key}: ` : ""}${message.replace(/[.\s]+$/, "")})`
    );
  }

  /** @throws UnusableSamplesError if any sample could not be used. `name` is the data set's, `used` how many were. */
  requireAll(name: string, used: number): void {
    if (this.unusable > 0) throw new UnusableSamplesError(`${name}: ${this.summary(used)}.`);
  }

  /** @throws NoUsableSampleError where `used` is 0: a job that used nothing has failed. `name` is the data set's. */
  requireUsed(name: string, used: number): void {
    if (used > 0) return;
    const summary = this.summary(used);
    throw new NoUsableSampleError(
      `${name} has no sample that can be used${summary === "" ? "" : `: ${summary}`}.`,
    );
  }
}
