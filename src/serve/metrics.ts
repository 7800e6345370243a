/** Counters and histograms for Prometheus. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { BatchFacts } from "./batch/lane.js";
import type { LoggedRequest } from "./http/request-log.js";

const secondBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const itemBuckets = [1, 2, 4, 8, 16, 32, 64, 128];

export class Metrics {
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: "flava_requests_total",
    help: "Requests answered",
    labelNames: ["path", "status"],
    registers: [this.registry],
  });
  readonly #seconds = new Histogram({
    name: "flava_request_seconds",
    help: "Time from a request to its answer",
    labelNames: ["path"],
    buckets: secondBuckets,
    registers: [this.registry],
  });
  readonly #tokens = new Counter({
    name: "flava_tokens_total",
    help: "Tokens of texts and patches of images that were read",
    registers: [this.registry],
  });
  readonly #batchItems = new Histogram({
    name: "flava_batch_items",
    help: "Inputs that ran together",
    labelNames: ["lane"],
    buckets: itemBuckets,
    registers: [this.registry],
  });
  readonly #batchSeconds = new Histogram({
    name: "flava_batch_seconds",
    help: "Time that a batch took",
    labelNames: ["lane"],
    buckets: secondBuckets,
    registers: [this.registry],
  });

  /** @param requests how many requests there are at the moment */
  constructor(requests: () => number) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: "flava_requests",
      help: "Requests at the moment, waiting ones included",
      registers: [this.registry],
      collect() {
        this.set(requests());
      },
    });
  }

  addRequest({ route = "other", status, milliseconds, tokens = 0 }: LoggedRequest): void {
    // Not the path: clients must not make new series.
    this.#requests.inc({ path: route, status });
    this.#seconds.observe({ path: route }, milliseconds / 1000);
    this.#tokens.inc(tokens);
  }

  addBatch({ lane, items, seconds }: BatchFacts): void {
    this.#batchItems.observe({ lane }, items);
    this.#batchSeconds.observe({ lane }, seconds);
  }
}
