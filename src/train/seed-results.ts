/** The results of a run with several seeds: those of each, their median and their range. */
import { median } from "../eval/metrics.js";
import { html } from "../report/html.js";
import type { Section } from "../report/page.js";
import { numberColumn, table } from "../report/table.js";
import { readLog } from "./run/log.js";
import type { RunDirectory } from "./run/run-directory.js";
import { type BestMeasure, isBetter } from "./stages/best-measure.js";
import type { Scalars } from "./stages/stage.js";

/** The best model of one seed. */
export interface SeedResult {
  /** The seed. */
  readonly seed: number;
  /** Steps that it was trained for. */
  readonly step: number;
  /** Its measures on validation data; empty without such data. */
  readonly measures: Scalars;
}

/** Over all seeds; empty without validation data. */
export interface SeedSummary {
  /** What the best model is chosen by. */
  readonly measure?: string;
  readonly median?: number;
  readonly lowest?: number;
  readonly highest?: number;
}

/** Reads the best evaluation of a finished run from its log, or the last step if nothing was measured. */
export async function resultOf(
  seed: number,
  run: RunDirectory,
  measure: BestMeasure | undefined,
): Promise<SeedResult> {
  const log = await readLog(run);
  const evaluations = measure ? log.filter(({ kind }) => kind === "evaluation") : [];
  const [first, ...others] = evaluations.map(({ step, scalars }) => ({ step, measures: scalars }));
  if (!measure || !first) return { seed, step: log.at(-1)?.step ?? 0, measures: {} };
  const best = others.reduce(
    (best, one) => (isBetter(one.measures, best.measures, measure) ? one : best),
    first,
  );
  return { seed, ...best };
}

/** The seed with the best model; the first one if nothing was measured. */
export function bestSeed(
  seeds: readonly SeedResult[],
  measure: BestMeasure | undefined,
): SeedResult {
  return seeds.reduce((best, one) =>
    measure && isBetter(one.measures, best.measures, measure) ? one : best,
  );
}

export function summaryOf(
  seeds: readonly SeedResult[],
  measure: BestMeasure | undefined,
): SeedSummary {
  if (!measure) return {};
  const values = seeds.map(({ measures }) => measures[measure.name] ?? NaN);
  return {
    measure: measure.name,
    median: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
  };
}

/** A line for each seed and, if there are several, one with their median and range. */
export function describeSeeds(
  seeds: readonly SeedResult[],
  measure: BestMeasure | undefined,
): string[] {
  const lines = seeds.map(({ seed, step, measures }) => {
    const values = Object.entries(measures).map(([name, value]) => `${name} ${value.toFixed(4)}`);
    return `Seed ${seed}, step ${step}: ${values.join(", ") || "not measured"}`;
  });
  return [...lines, ...medianLine(seeds, measure)];
}

/** The median and range of several seeds; no line for one, or without a measure. */
function medianLine(seeds: readonly SeedResult[], measure: BestMeasure | undefined): string[] {
  const { median, lowest, highest, measure: name } = summaryOf(seeds, measure);
  if (seeds.length < 2 || median === undefined) return [];
  const range = `${lowest!.toFixed(4)} to ${highest!.toFixed(4)}`;
  return [`Median ${name} of ${seeds.length} seeds: ${median.toFixed(4)} (${range})`];
}

export function seedsSection(
  seeds: readonly SeedResult[],
  measure: BestMeasure | undefined,
): Section {
  const names = [...new Set(seeds.flatMap(({ measures }) => Object.keys(measures)))];
  const rows = seeds.map(({ seed, step, measures }) => [
    ...[String(seed), step],
    ...names.map((name) => (measures[name] ?? NaN).toFixed(4)),
  ]);
  const columns = ["seed", "best step", ...names].map(numberColumn);
  const median = medianLine(seeds, measure).map((line) => html`<p>${line}.</p>`);
  return { title: "Results", body: html`${median}${table(columns, rows)}` };
}
