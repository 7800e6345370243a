/** The curves of a stage from the lines of its log. */
import type { LogEntry, RunStage } from "../../../src/serve/schemas/runs.js";
import type { Curve, Line } from "./curve.js";

export type CurveData = Parameters<typeof Curve>[0];

/** The values of a scalar by step, without those that are not finite. */
export const lineOf = (
  entries: readonly Pick<LogEntry, "step" | "scalars">[],
  name: string,
  title: string,
): Line => ({
  name: title,
  points: entries.flatMap(({ step, scalars }) => {
    const y = scalars[name];
    return typeof y === "number" ? [{ x: step, y }] : [];
  }),
});

function curveOf(
  training: readonly LogEntry[],
  evaluations: readonly LogEntry[],
  name: string,
): CurveData {
  const lines = [
    lineOf(training, name, "training"),
    lineOf(evaluations, name, "validation"),
  ].filter(({ points }) => points.length > 0);
  return { title: name, lines };
}

export const lossCurves = (
  training: readonly LogEntry[],
  evaluations: readonly LogEntry[],
  { losses }: RunStage,
): CurveData[] =>
  Object.entries(losses).map(([name, baseline]) => ({
    ...curveOf(training, evaluations, name),
    ...levelAt(baseline),
  }));

const levelAt = (baseline: number | null | undefined): Pick<CurveData, "level"> =>
  typeof baseline === "number" ? { level: { name: "baseline", y: baseline } } : {};

/** Everything else that was logged, in the order in which it first occurs. */
export function otherCurves(
  training: readonly LogEntry[],
  evaluations: readonly LogEntry[],
  { losses, accuracies }: RunStage,
): CurveData[] {
  const names = new Set(
    [...training, ...evaluations].flatMap(({ scalars }) => Object.keys(scalars)),
  );
  for (const name of Object.keys(losses)) names.delete(name);
  return [...names].map((name) => ({
    ...curveOf(training, evaluations, name),
    ...levelAt(accuracies[name]),
  }));
}
