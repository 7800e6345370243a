/** Searches for the regularization of a linear probe (flava.md 8.4). */
import type { Backend } from "../../backend/backend.js";
import { counted } from "../../base/counted.js";
import { type Key, foldIn, uniformAt } from "../../base/random.js";
import { hitsWithin, mean } from "../metrics.js";
import { type LinearProbe, ProbeFitter } from "./fitter.js";
import { type LabeledFeatures, chosen, joined } from "./labeled-features.js";
import { type MinimizeOptions, bytesToMinimize } from "./lbfgs.js";
import { predict } from "./predict.js";

/** What a search needs: features to fit, and others to judge by. */
export interface ProbeParts {
  /** What is fitted to. */
  readonly train: LabeledFeatures;
  /** What is judged by. */
  readonly validation: LabeledFeatures;
}

/** What a search for the regularization found. */
export interface ProbeSearch {
  /** Fitted to the training and validation parts with the best lambda. */
  readonly probe: LinearProbe;
  /** Top-1 accuracy on the validation part, from 0 to 1, for every lambda tried, in ascending order. */
  readonly tried: readonly { readonly lambda: number; readonly accuracy: number }[];
}

/** How a search for the regularization is limited and followed. */
export interface SearchOptions extends MinimizeOptions {
  /** Called before the first fit with the bytes of memory that the search needs, besides features in memory. */
  readonly onMemory?: (bytes: number) => void;
  /** Called with the number of finished fits, and how many there will be at most. */
  readonly onProgress?: (fits: number, most: number) => void;
}

interface Attempt {
  readonly probe: LinearProbe;
  readonly accuracy: number;
}

/** The initial exponents of lambda, and the steps by which the interval around the best is narrowed. */
const firstExponents = [-6, -4, -2, 0, 2, 4, 6];
const steps = [1, 1 / 2, 1 / 4, 1 / 8];
const mostFits = firstExponents.length + 2 * steps.length + 1;

/**
 * Finds the lambda from 1e-6 to 1e6 that is best on the validation part, like CLIP: halves the interval around the best
 * value until there are 8 steps per power of ten, then fits both parts together. Ties go to the largest value. Each fit
 * starts from that of the nearest lambda.
 */
export async function searchProbe(
  backend: Backend,
  { train, validation }: ProbeParts,
  classes: number,
  { onMemory, onProgress, ...options }: SearchOptions = {},
): Promise<ProbeSearch> {
  const tried = new Map<number, Attempt>();
  const fitter = await ProbeFitter.open(backend, train, classes);
  let fits = 0;
  const attempt = async (exponent: number): Promise<Attempt> => {
    const start = tried.get(nearest(tried.keys(), exponent))?.probe;
    const probe = await fitter.fit(10 ** exponent, { ...options, ...(start && { start }) });
    const { ranks } = await predict(backend, probe, validation, options);
    onProgress?.(++fits, mostFits);
    return { probe, accuracy: mean(hitsWithin(ranks, 1)) };
  };
  const best = (): number => {
    const order = [...tried].sort(([a, x], [b, y]) => y.accuracy - x.accuracy || b - a);
    return order[0]![0];
  };
  try {
    const fitBesides = bytesToMinimize(classes * train.width + classes);
    const probes = mostFits * Float32Array.BYTES_PER_ELEMENT * classes * train.width;
    onMemory?.(fitter.memory + fitBesides + probes);
    for (const exponent of firstExponents.toReversed())
      tried.set(exponent, await attempt(exponent));
    for (const step of steps) {
      const center = best();
      const untried = [center + step, center - step].filter(
        (exponent) => Math.abs(exponent) <= 6 && !tried.has(exponent),
      );
      // Both at once: the program computes for one while L-BFGS chooses the next point of the other.
      const attempts = untried.map(attempt);
      await Promise.allSettled(attempts); // no fit continues after this call has failed
      for (const [place, exponent] of untried.entries())
        tried.set(exponent, await attempts[place]!);
    }
  } finally {
    fitter.dispose();
  }
  const start = tried.get(best())!.probe;
  const both = await ProbeFitter.open(backend, joined([train, validation]), classes);
  const probe = await both.fit(start.lambda, { ...options, start }).finally(() => both.dispose());
  onProgress?.(mostFits, mostFits);
  const ascending = [...tried.values()].sort((a, b) => a.probe.lambda - b.probe.lambda);
  return {
    probe,
    tried: ascending.map(({ probe: { lambda }, accuracy }) => ({ lambda, accuracy })),
  };
}

/** Fraction of the training items that are held out. */
const heldOutShare = 0.2;

/**
 * Randomly holds out a fifth of the training items for validation.
 * @throws RangeError if that leaves no item for either
 */
export function heldOut(features: LabeledFeatures, key: Key): ProbeParts {
  const own = foldIn(key, "validation");
  const items = Int32Array.from(features.labels.keys());
  const part = (isHeldOut: boolean): LabeledFeatures =>
    chosen(
      features,
      items.filter((item) => uniformAt(own, item) < heldOutShare === isHeldOut),
    );
  const parts = { train: part(false), validation: part(true) };
  if (parts.train.labels.length > 0 && parts.validation.labels.length > 0) return parts;
  throw new RangeError(
    `${counted(items.length, "training image")} cannot be divided into some to fit to and some to choose the regularization by. Give ` +
      "more of them, or images for validation.",
  );
}

function nearest(values: Iterable<number>, target: number): number {
  return [...values].reduce(
    (best, value) => (Math.abs(value - target) < Math.abs(best - target) ? value : best),
    Infinity,
  );
}
