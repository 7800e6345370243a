/** Searches for the regularization of a linear probe (flava.md 8.4). */
import type { Backend } from "../backend/backend.js";
import type { MinimizeOptions } from "./lbfgs.js";
import {
  type LabeledFeatures,
  type LinearProbe,
  ProbeFitter,
  type ProbeSizes,
  predict,
} from "./linear-probe.js";
import { hitsWithin, mean } from "./metrics.js";

export interface ProbeSearch {
  /** Fitted to the training and validation parts with the best lambda. */
  readonly probe: LinearProbe;
  /** Top-1 accuracy on the validation part, from 0 to 1, for every lambda tried, in ascending order. */
  readonly tried: readonly { readonly lambda: number; readonly accuracy: number }[];
}

/** The initial exponents of lambda, and the final resolution. */
const firstExponents = [-6, -4, -2, 0, 2, 4, 6];
const stepsPerDecade = 8;

/**
 * Finds the lambda from 1e-6 to 1e6 that is best on the validation part, like CLIP: halves the interval around the best
 * value until there are 8 steps per power of ten, then fits both parts together. Ties go to the largest value.
 */
export async function searchProbe(
  backend: Backend,
  parts: { readonly train: LabeledFeatures; readonly validation: LabeledFeatures },
  sizes: ProbeSizes,
  options: MinimizeOptions = {},
): Promise<ProbeSearch> {
  const tried = new Map<number, { probe: LinearProbe; accuracy: number }>();
  const fitter = new ProbeFitter(backend, parts.train, sizes);
  const attempt = async (exponent: number): Promise<void> => {
    if (tried.has(exponent)) return;
    const start = tried.get(nearest(tried.keys(), exponent))?.probe;
    const probe = await fitter.fit(10 ** exponent, { ...options, ...(start && { start }) });
    const { ranks } = await predict(backend, probe, parts.validation);
    tried.set(exponent, { probe, accuracy: mean(hitsWithin(ranks, 1)) });
  };
  const best = (): number => {
    const order = [...tried].sort(([a, x], [b, y]) => y.accuracy - x.accuracy || b - a);
    return order[0]![0];
  };
  try {
    for (const exponent of firstExponents.toReversed()) await attempt(exponent);
    for (let step = 1; step >= 1 / stepsPerDecade; step /= 2) {
      const center = best();
      for (const exponent of [center + step, center - step]) {
        if (Math.abs(exponent) <= 6) await attempt(exponent);
      }
    }
  } finally {
    fitter.dispose();
  }
  const start = tried.get(best())!.probe;
  const both = new ProbeFitter(backend, concatenated(parts.train, parts.validation), sizes);
  const probe = await both.fit(start.lambda, { ...options, start }).finally(() => both.dispose());
  const ascending = [...tried.values()].sort((a, b) => a.probe.lambda - b.probe.lambda);
  return {
    probe,
    tried: ascending.map(({ probe: { lambda }, accuracy }) => ({ lambda, accuracy })),
  };
}

function nearest(values: Iterable<number>, target: number): number {
  return [...values].reduce(
    (best, value) => (Math.abs(value - target) < Math.abs(best - target) ? value : best),
    Infinity,
  );
}

function concatenated(a: LabeledFeatures, b: LabeledFeatures): LabeledFeatures {
  const features = new Float32Array(a.features.length + b.features.length);
  features.set(a.features);
  features.set(b.features, a.features.length);
  return { features, labels: Int32Array.of(...a.labels, ...b.labels) };
}
