/** The rows of the paper's Table 4 with this model's scores, and their averages (flava.md 7.1). */
import type { Interval } from "../eval/bootstrap.js";
import { mean } from "../eval/metrics.js";
import { type PaperRow, paperColumns } from "../eval/tasks/paper.js";
import type { Family, Task } from "../eval/tasks/task.js";
import type { MetricName } from "../eval/tasks/metric-name.js";
import type { Baselines, Metrics, Outcome } from "./outcome.js";

/** A row of the table. All values are in percent. */
export interface ScoreRow {
  readonly title: string;
  readonly task: Task;
  readonly outcome: Outcome;
  /** Undefined if the task has no scores. */
  readonly value?: Interval;
  /** Whether the scores are of other data than the official ones. */
  readonly partial: boolean;
  /** What is reached without the model, if that was measured. */
  readonly baselines?: RowBaselines;
  /** The paper's numbers, by `paperColumns`; null where it has none. */
  readonly paper: readonly (number | null)[];
}

/** The baselines of a row, in percent; those that its metrics do not have are undefined. */
export interface RowBaselines {
  readonly chance: number | undefined;
  readonly mostFrequent: Interval | undefined;
  readonly simple: Interval | undefined;
  readonly method: string;
}

/** How a model compares with the simple baseline: "unclear" if it is better, but the baseline is within its interval. */
export type Comparison = "better" | "unclear" | "not better";

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
  const value = intervalOf(outcome.scores.metrics, metrics);
  const baselines = baselinesOf(outcome.scores.baselines, metrics);
  return { ...row, ...(value && { value }), ...(baselines && { baselines }) };
}

function baselinesOf(
  baselines: Baselines | undefined,
  metrics: readonly MetricName[],
): RowBaselines | undefined {
  if (!baselines) return undefined;
  const { chance, mostFrequent, simple, method } = baselines;
  const expected = metrics.flatMap((name) => chance[name] ?? []);
  return {
    chance: expected.length === metrics.length ? 100 * mean(expected) : undefined,
    mostFrequent: intervalOf(mostFrequent, metrics),
    simple: intervalOf(simple, metrics),
    method,
  };
}

/** Compares a row's value with its simple baseline; undefined if either is missing. */
export function comparisonOf({ value, baselines }: ScoreRow): Comparison | undefined {
  const simple = baselines?.simple;
  if (!value || !simple) return undefined;
  if (value.mean <= simple.mean) return "not better";
  return value.low > simple.mean ? "better" : "unclear";
}

/** The mean of some metrics in percent; undefined unless all of them are there, and numbers: JSON keeps NaN as null. */
function intervalOf(metrics: Metrics, names: readonly MetricName[]): Interval | undefined {
  const found = names.flatMap((name) => metrics[name] ?? []);
  if (!found.every(({ mean: value }) => Number.isFinite(value))) return undefined;
  return found.length === names.length ? inPercent(meanOf(found)) : undefined;
}

/** The mean of a row's metrics. Their intervals are averaged too, which is wide enough for metrics of the same items. */
function meanOf(metrics: readonly Interval[]): Interval {
  const over = (field: keyof Interval): number => mean(metrics.map((metric) => metric[field]));
  return { mean: over("mean"), low: over("low"), high: over("high"), count: metrics[0]!.count };
}

export const inPercent = ({ mean: share, low, high, count }: Interval): Interval => ({
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
