import type { Interval } from "../eval/bootstrap.js";
import { mean } from "../eval/metrics.js";
import type { MetricName } from "../eval/tasks/metric-name.js";
import type { Metrics } from "./outcome.js";

/** The names of measures in the paper's table. */
const metricNames = new Map<string, MetricName>([
  ["accuracy", "accuracy"],
  ["F1", "F1"],
  ["Matthews correlation", "Matthews"],
  ["Pearson", "Pearson"],
  ["Spearman", "Spearman"],
  ["AUROC", "AUROC"],
  ["VQA accuracy", "VQA accuracy"],
]);

/** Whether a measure is a metric of the paper's table. */
export const isMetric = (measure: string): boolean => metricNames.has(measure);

/** Measures by the paper's names, averaged over the test parts. */
export function meanMetrics(parts: readonly Readonly<Record<string, Interval>>[]): Metrics {
  const found = [...metricNames].flatMap(([measure, name]) => {
    const values = parts.flatMap((part) => part[measure] ?? []);
    if (values.length === 0) return [];
    const over = (field: keyof Interval): number => mean(values.map((value) => value[field]));
    const count = values.reduce((sum, value) => sum + value.count, 0);
    return [[name, { mean: over("mean"), low: over("low"), high: over("high"), count }] as const];
  });
  return Object.fromEntries(found);
}
