/** Platt scaling: turns scores into probabilities that mean what they say. */
import type { Numbers } from "../metrics.js";

/** The probability `sigmoid(logit / temperature + bias)`. */
export interface Calibration {
  /** What logits are divided by. */
  readonly temperature: number;
  /** What is added after that. */
  readonly bias: number;
}

/** The probability that `calibration` gives to each logit, from 0 to 1; by default sigmoid(logit). */
export function calibrated(
  logits: Numbers,
  { temperature, bias }: Calibration = { temperature: 1, bias: 0 },
): Float64Array {
  return Float64Array.from(logits, (logit) => sigmoid(logit / temperature + bias));
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const mostIterations = 100;
const tolerance = 1e-10;

/**
 * The temperature and bias under which `outcomes` are likeliest (Platt scaling), by Newton's method. As in Platt's paper,
 * the targets are a little off 0 and 1, so that the temperature stays finite where the logits separate the outcomes.
 *
 * @returns undefined if larger logits do not mean likelier outcomes, or if all outcomes are the same
 */
export function fitCalibration(logits: Numbers, outcomes: Numbers): Calibration | undefined {
  const positives = Array.from(outcomes).filter((outcome) => outcome === 1).length;
  const negatives = outcomes.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (negatives + 2)];
  const items = Array.from(logits, (logit, i) => [logit, outcomes[i] === 1 ? high : low] as const);
  const lossOf = (slope: number, bias: number): number =>
    items.reduce((sum, [logit, target]) => {
      const z = slope * logit + bias;
      return sum + Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z)));
    }, 0);
  let [slope, bias] = [0, Math.log((positives + 1) / (negatives + 1))];
  let loss = lossOf(slope, bias);
  for (let iteration = 0; iteration < mostIterations; iteration++) {
    const [slopeStep, biasStep] = newtonStep(items, slope, bias);
    let size = 1;
    while (size > tolerance && lossOf(slope - size * slopeStep, bias - size * biasStep) > loss) {
      size /= 2;
    }
    [slope, bias] = [slope - size * slopeStep, bias - size * biasStep];
    const before = loss;
    loss = lossOf(slope, bias);
    if (before - loss < tolerance * before) break;
  }
  return slope > 0 ? { temperature: 1 / slope, bias } : undefined;
}

/** The gradient of the loss of `fitCalibration` by slope and bias, divided by its Hessian. */
function newtonStep(
  items: readonly (readonly [logit: number, target: number])[],
  slope: number,
  bias: number,
): [slope: number, bias: number] {
  let [bySlope, byBias, slopes, mixed, biases] = [0, 0, 1e-12, 0, 1e-12];
  for (const [logit, target] of items) {
    const p = sigmoid(slope * logit + bias);
    const [error, curvature] = [p - target, p * (1 - p)];
    bySlope += error * logit;
    byBias += error;
    slopes += curvature * logit * logit;
    mixed += curvature * logit;
    biases += curvature;
  }
  const determinant = slopes * biases - mixed * mixed;
  return [
    (biases * bySlope - mixed * byBias) / determinant,
    (slopes * byBias - mixed * bySlope) / determinant,
  ];
}
