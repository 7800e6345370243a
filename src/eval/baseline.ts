/**
 * Baselines: what a model reaches that knows how often each answer occurs in the training data, and sees nothing of the
 * input. A loss that is not below its baseline has learned no more than that.
 */

/** How often each answer occurs, by its number. */
export type Counts = ReadonlyMap<number, number>;

/** What is reached without seeing the input. */
export interface Baseline {
  /** Mean cross entropy, in nats. */
  readonly loss: number;
  /** Accuracy of the commonest answer. */
  readonly accuracy: number;
}

/** A distribution over answers. */
export interface Prior {
  /** The answer that is the likeliest, by its number. */
  readonly commonest: number;
  /** The probability of an answer, from 0 to 1. */
  readonly probabilityOf: (answer: number) => number;
}

/** Added to the count of each of the possible answers, since an answer may be missing from the sample that was counted. */
export const smoothing = 0.1;

/**
 * The frequencies of `counts` among `answers` possible ones, with additive smoothing.
 *
 * @param added to each count; 0 where the prior is only asked for answers that were counted
 */
export function priorOf(counts: Counts, answers: number, added: number = smoothing): Prior {
  const total = totalOf(counts) + added * answers;
  const [commonest = 0] = [...counts].reduce<readonly [number, number] | readonly []>(
    (best, entry) => (best.length === 0 || entry[1] > best[1] ? entry : best),
    [],
  );
  return { commonest, probabilityOf: (answer) => ((counts.get(answer) ?? 0) + added) / total };
}

/** The prior of a question whose answer is 1 with probability `share`, and else 0. */
export function binaryPrior(share: number): Prior {
  return {
    commonest: share >= 0.5 ? 1 : 0,
    probabilityOf: (answer) => (answer === 1 ? share : 1 - share),
  };
}

/** What `prior` reaches on answers that occur `counts` times; NaN if there are none. */
export function baselineOf(prior: Prior, counts: Counts): Baseline {
  const total = totalOf(counts);
  let loss = 0;
  for (const [answer, count] of counts) {
    if (count > 0) loss -= (count / total) * Math.log(prior.probabilityOf(answer));
  }
  return { loss: total > 0 ? loss : NaN, accuracy: (counts.get(prior.commonest) ?? 0) / total };
}

function totalOf(counts: Counts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Counts one more of `answer`. */
export function addTo(counts: Map<number, number>, answer: number): void {
  counts.set(answer, (counts.get(answer) ?? 0) + 1);
}
