/** The numbers of the paper's Table 4 (flava.md 7.2), in percent. */
import type { MetricName } from "./metric-name.js";

/** Table 4's columns: ablations on PMD, FLAVA, and CLIP ViT-B/16 trained by the authors and as published. */
export const paperColumns = [
  "MIM",
  "MLM",
  "FLAVA_C",
  "FLAVA_MM",
  "FLAVA without initialization",
  "FLAVA",
  "CLIP (PMD)",
  "CLIP (400M)",
] as const;

/** A column of Table 4. */
export type PaperColumn = (typeof paperColumns)[number];

/** A number for each column, or null. */
export type NumberForEach<Columns extends readonly unknown[]> = {
  readonly [Column in keyof Columns]: number | null;
};

/** One number for each of `paperColumns`; null where the table has none. */
export type PaperValues = NumberForEach<typeof paperColumns>;

/** A row of the paper's Table 4. */
export interface PaperRow {
  /** As in the table, such as "COCO TR R@1". */
  readonly title: string;
  /** The row is the mean of these. */
  readonly metrics: readonly MetricName[];
  /** In percent. */
  readonly values: PaperValues;
  /** What is doubtful about the numbers, in a sentence. */
  readonly note?: string;
}
