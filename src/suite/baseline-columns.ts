/** The columns of a suite's table that show what is reached without the model. */
import type { Interval } from "../eval/bootstrap.js";
import { type Comparison, type ScoreRow, comparisonOf } from "./rows.js";

/** A column with the text of its cell in each row. */
export interface TextColumn {
  readonly name: string;
  readonly cell: (row: ScoreRow) => string;
}

const marks: Readonly<Record<Comparison, string>> = {
  better: "yes",
  unclear: "unclear",
  "not better": "no",
};

/**
 * Chance, the most frequent answer, the simple baseline, and whether the model beats it; no columns if no row has baselines.
 * @param withIntervals whether cells have 95 % intervals, and the name of the simple method
 */
export function baselineColumns(rows: readonly ScoreRow[], withIntervals: boolean): TextColumn[] {
  if (rows.every(({ baselines }) => baselines === undefined)) return [];
  const shown = (interval: Interval | undefined): string => {
    if (!interval) return "";
    const { mean, low, high } = interval;
    return withIntervals
      ? `${mean.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
      : mean.toFixed(2);
  };
  return [
    { name: "chance", cell: ({ baselines }) => baselines?.chance?.toFixed(2) ?? "" },
    { name: "most frequent", cell: ({ baselines }) => shown(baselines?.mostFrequent) },
    { name: "simple baseline", cell: ({ baselines }) => shown(baselines?.simple) },
    ...(withIntervals ? [{ name: "method", cell: methodOf }] : []),
    { name: "beaten", cell: (row) => markOf(comparisonOf(row)) },
  ];
}

const methodOf = ({ baselines }: ScoreRow): string => baselines?.method ?? "";
const markOf = (comparison: Comparison | undefined): string =>
  comparison === undefined ? "" : marks[comparison];

/** How often the model beats the simple baseline, and what the baselines are; undefined if no row has them. */
export function baselineSummary(rows: readonly ScoreRow[]): string | undefined {
  const count = (wanted: Comparison): number =>
    rows.filter((row) => comparisonOf(row) === wanted).length;
  const [better, unclear, not] = [count("better"), count("unclear"), count("not better")];
  const all = better + unclear + not;
  if (all === 0) return undefined;
  const others = [
    ...(unclear > 0 ? [`in ${unclear} not clearly`] : []),
    ...(not > 0 ? [`in ${not} it does not`] : []),
  ];
  return (
    `The model beats the simple baseline in ${better} of ${all} rows${others.map((each) => `, ${each}`).join("")}. It is beaten ` +
    "where the model's whole 95 % interval is above it. " +
    "The baseline is logistic regression on the words of a text, on gradient histograms and coarse colors of an image, or on the " +
    "words alone where there are both; in retrieval it is one order of the candidates for all queries."
  );
}
