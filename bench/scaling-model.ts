/** How long a training step takes on many machines: a model of computing, exchanging gradients, and hiding one behind the other. */

import { bucketBytes } from "../src/train/step/reduced-gradients.js";

/** A link of each machine. */
export interface Link {
  /** Gigabits per second, in each direction. */
  readonly gigabits: number;
  /** Seconds until the first byte of a message arrives. */
  readonly latency: number;
}

export interface StepCost {
  /** Seconds of a process for its share of the batch. */
  readonly computing: number;
  /** Bytes of all gradients. */
  readonly gradientBytes: number;
  /** Share of the computing during which gradients can already be exchanged: what is left of the backward pass. */
  readonly overlapping: number;
}

/**
 * Seconds to sum gradients over `processes`: each number is sent and received twice but for the own slice, and in each half of
 * the exchange every process sends a message to every other, for each bucket. Messages of several buckets overlap.
 */
export function exchangeSeconds(bytes: number, processes: number, link: Link): number {
  if (processes === 1) return 0;
  const volume = (2 * bytes * (processes - 1)) / processes;
  const messages = 2 * (processes - 1) * Math.ceil(bytes / bucketBytes);
  // A processor takes about a microsecond to hand over a message, whatever the link's latency, which is hidden.
  return (volume * 8) / (link.gigabits * 1e9) + messages * 1e-6 + 2 * link.latency;
}

/** Seconds of a step: what of the exchange is not hidden behind the backward pass is added to the computing. */
export function stepSeconds(cost: StepCost, processes: number, link: Link): number {
  const exchange = exchangeSeconds(cost.gradientBytes, processes, link);
  // The last bucket is complete only when the backward pass is.
  const last = exchangeSeconds(Math.min(bucketBytes, cost.gradientBytes), processes, link);
  const hidden = Math.min(exchange - last, cost.overlapping * cost.computing);
  return cost.computing + exchange - Math.max(0, hidden);
}
