/** The rows of the paper's Table 4 with this model's scores, and their averages (flava.md 7.1). */
import type { Interval } from "../eval/bootstrap.js";
import { mean } from "../eval/metrics.js";
import { type PaperRow, paperColumns } from "../eval/tasks/paper.js";
import type { Family, Task } from "../eval/tasks/task.js";
import type { Outcome } from "./outcome.js";

/** A row of the table. All values are in percent. */
export interface ScoreRow {
  readonly title: string;
  readonly task: Task;
  readonly outcome: Outcome;
  /** Undefined if the task has no scores. */
  readonly value?: Interval;
  /** Whether the scores are of other data than the official ones. */
  readonly partial: boolean;
  /** The paper's numbers, by `paperColumns`; null where it has none. */
  readonly paper: readonly (number | null)[];
}

/** An average over the rows of a family, or over the three families. */
export interface Average {
  readonly title: string;
  /** Undefined if any row is missing or of partial data: such an average compares to nothing. */
  readonly value?: number;
  readonly rows: number;
  readonly missing: number;
  readonly paper: readonly (number | null)[];
}

const families: readonly { readonly family: Family; readonly title: string }[] = [
  { family: "language", title: "NLP" },
  { family: "vision", title: "Vision" },
  { family: "multimodal", title: "Multimodal" },
];

/** The rows of all tasks in the paper's order: language, vision, multimodal. */
export function rowsOf(outcomes: readonly Outcome[]): ScoreRow[] {
  return families.flatMap(({ family }) =>
    outcomes
      .filter(({ task }) => task.family === family)
      .flatMap((outcome) => outcome.task.paper.map((row) => rowOf(outcome, row))),
  );
}

function rowOf(outcome: Outcome, { title, metrics, values }: PaperRow): ScoreRow {
  const { task } = outcome;
  const partial = "scores" in outcome && outcome.scores.partial;
  const row = { title, task, outcome, partial, paper: values };
  if (!("scores" in outcome)) return row;
  const found = metrics.map((name) => outcome.scores.metrics[name]);
  if (found.includes(undefined)) return row;
  return { ...row, value: inPercent(meanOf(found as Interval[])) };
}

/** The mean of a row's metrics. Their intervals are averaged too, which is wide enough for metrics of the same items. */
function meanOf(metrics: readonly Interval[]): Interval {
  const over = (field: keyof Interval): number => mean(metrics.map((metric) => metric[field]));
  return { mean: over("mean"), low: over("low"), high: over("high"), count: metrics[0]!.count };
}

const inPercent = ({ mean: share, low, high, count }: Interval): Interval => ({
  mean: 100 * share,
  low: 100 * low,
  high: 100 * high,
  count,
});

/** The places of the paper's columns that have numbers: none for sets that are not the paper's. */
export function shownColumns(rows: readonly ScoreRow[]): number[] {
  return [...paperColumns.keys()].filter((column) =>
    rows.some(({ paper }) => paper[column] !== null),
  );
}

/** The averages of the families, and the macro average of these, in which the paper counts a family without rows as 0. */
export function averagesOf(rows: readonly ScoreRow[]): Average[] {
  const byFamily = families
    .map(({ family, title }) => averageOf(title, rows, family))
    .filter(({ rows: count }) => count > 0);
  const complete = byFamily.every(({ value }) => value !== undefined);
  const macro = {
    title: "Macro",
    rows: rows.length,
    missing: byFamily.reduce((sum, { missing }) => sum + missing, 0),
    ...(complete && { value: mean(byFamily.map(({ value }) => value!)) }),
    paper: paperColumns.map((_, column) => mean(byFamily.map(({ paper }) => paper[column] ?? 0))),
  };
  return [...byFamily, macro];
}

function averageOf(title: string, all: readonly ScoreRow[], family: Family): Average {
  const rows = all.filter(({ task }) => task.family === family);
  const values = rows.flatMap(({ value, partial }) => (value && !partial ? value.mean : []));
  const missing = rows.length - values.length;
  const paper = paperColumns.map((_, column) => {
    const own = rows.flatMap(({ paper: numbers }) => numbers[column] ?? []);
    return own.length === rows.length ? mean(own) : null;
  });
  return {
    title,
    rows: rows.length,
    missing,
    ...(missing === 0 && { value: mean(values) }),
    paper,
  };
}
