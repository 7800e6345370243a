/** Metrics of several processes as those of one server. */
import { AggregatorRegistry, type Registry } from "prom-client";

/** What one process counted, as plain data. */
export type MetricValues = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

const registryOf = (all: readonly MetricValues[]): Registry =>
  AggregatorRegistry.aggregate([...all]);

/** The sum of several; of what has no sum, such as the lag of an event loop, the mean. */
export const summed = (all: readonly MetricValues[]): Promise<MetricValues> =>
  registryOf(all).getMetricsAsJSON();

/** Their sum in the form that Prometheus reads. */
export const summedText = (all: readonly MetricValues[]): Promise<string> =>
  registryOf(all).metrics();

/** What stays true when a process has ended: counts of what happened, and not how things are. */
export const countsOf = (metrics: MetricValues): MetricValues =>
  metrics.filter(({ type }) => ["counter", "histogram"].includes(String(type)));
