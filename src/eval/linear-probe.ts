/** How well classes can be told apart by a linear function of a model's features (flava.md 8.4). */
import type { Backend } from "../backend/backend.js";
import { compile } from "../backend/program.js";
import { State } from "../backend/state.js";
import { gradient } from "../graph/gradient.js";
import { fill } from "../graph/ops/fill.js";
import { linearCrossEntropy } from "../graph/ops/cross-entropy.js";
import { sum } from "../graph/ops/broadcast.js";
import { spec } from "../graph/tensor.js";
import { countOf, rowOf, similaritiesOfEach } from "../inference/similarity.js";
import { Answers } from "./classification.js";
import { type MinimiseOptions, type Minimum, type Objective, minimize } from "./lbfgs.js";
import { hitsWithin, mean } from "./metrics.js";

/** Features with their classes. */
export interface LabeledFeatures {
  /** float32 [N, width] */
  readonly features: Float32Array;
  /** The class of each item, from 0 on. */
  readonly labels: Int32Array;
}

interface ProbeSizes {
  readonly width: number;
  readonly classes: number;
}

/** Multinomial logistic regression: scores are weight · (features - center) + bias. */
interface LinearProbe extends ProbeSizes {
  /** The mean of the features that it was fitted to, [width]: near it numbers are small, and so are their errors. */
  readonly center: Float32Array;
  /** [classes, width] */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
  readonly lambda: number;
  readonly iterations: number;
  readonly converged: boolean;
}

interface FitOptions extends MinimiseOptions {
  /** Where to begin; default: zeros. */
  readonly start?: LinearProbe;
}

const rowsPerBlock = 4096;
/** Of the gradient, as scikit-learn has it; with products in float32 much less cannot be reached. */
const defaultTolerance = 1e-4;

/**
 * Fits probes to features that are written to the backend once: for a `lambda`, the weights and biases at which the sum of
 * cross entropies plus lambda / 2 · |weights|² is least (biases are free), as scikit-learn's logistic regression with
 * C = 1 / lambda. Products are those of the kernels; the search and all sums over items are in double precision. The
 * features are moved and scaled as one, which changes nothing but how soon the minimum is found.
 */
export class ProbeFitter {
  readonly #state;
  readonly #program;
  readonly #count: number;
  readonly #frame: Frame;

  constructor(
    backend: Backend,
    { features, labels }: LabeledFeatures,
    readonly sizes: ProbeSizes,
  ) {
    const { width, classes } = sizes;
    this.#count = countOf(features, width);
    requireLabels(labels, this.#count, classes);
    const specs = { features: spec([this.#count, width]), labels: spec([this.#count], "int32") };
    this.#state = new State(backend, specs);
    this.#frame = frameOf(features, width);
    this.#state.writeAll({ features: framed(features, this.#frame), labels });
    const inputs = { weight: spec([classes, width]), bias: spec([classes]) };
    this.#program = compile({ state: this.#state, inputs }, (given, { weight, bias }) => {
      const everyOne = fill(given.labels.shape, 1);
      const losses = linearCrossEntropy(given.features, weight, bias, given.labels, everyOne, {
        rowsPerBlock,
      });
      const slopes = gradient(sum(losses), { weight, bias });
      return { outputs: { losses, weight: slopes.weight!, bias: slopes.bias! } };
    });
  }

  /**
   * The objective divided by the number of items, of weights [classes, width] followed by biases [classes], for the moved
   * and scaled features.
   */
  objective(lambda: number): Objective {
    const { width, classes } = this.sizes;
    const weights = classes * width;
    const decay = lambda / this.#frame.scale ** 2;
    return async (point) => {
      const weight = Float32Array.from(point.subarray(0, weights));
      const bias = Float32Array.from(point.subarray(weights));
      const found = await this.#program.run({ weight, bias });
      const value = Float64Array.from(found.losses).reduce((total, loss) => total + loss, 0);
      const slopes = new Float64Array(point.length);
      slopes.set(found.weight);
      slopes.set(found.bias, weights);
      let squares = 0;
      for (let index = 0; index < weights; index++) {
        squares += weight[index]! ** 2;
        slopes[index]! += decay * weight[index]!;
      }
      const share = 1 / this.#count;
      return {
        value: (value + (decay / 2) * squares) * share,
        gradient: slopes.map((slope) => slope * share),
      };
    };
  }

  async fit(
    lambda: number,
    { start, tolerance = defaultTolerance, ...options }: FitOptions = {},
  ): Promise<LinearProbe> {
    const { width, classes } = this.sizes;
    const point = new Float64Array(classes * width + classes);
    if (start) {
      const { center, scale } = this.#frame;
      point.set(start.weight.map((value) => value * scale));
      const moved = center.map((value, index) => value - start.center[index]!);
      for (let row = 0; row < classes; row++) {
        const own = rowOf(start.weight, row, width);
        const step = own.reduce((total, value, index) => total + value * moved[index]!, 0);
        point[classes * width + row] = start.bias[row]! + step;
      }
    }
    return this.#probeOf(
      lambda,
      await minimize(this.objective(lambda), point, { tolerance, ...options }),
    );
  }

  dispose(): void {
    this.#program.dispose();
    this.#state.dispose();
  }

  #probeOf(lambda: number, { point, iterations, converged }: Minimum): LinearProbe {
    const { width, classes } = this.sizes;
    const { center, scale } = this.#frame;
    return {
      width,
      classes,
      center,
      weight: Float32Array.from(point.subarray(0, classes * width), (value) => value / scale),
      bias: Float32Array.from(point.subarray(classes * width)),
      lambda,
      iterations,
      converged,
    };
  }
}

/** Where features lie: their mean [width], and their deviation over all axes. */
interface Frame {
  readonly center: Float32Array;
  readonly scale: number;
}

function frameOf(features: Float32Array, width: number): Frame {
  const count = features.length / width;
  const means = new Float64Array(width);
  for (const [index, value] of features.entries()) means[index % width]! += value / count;
  const center = Float32Array.from(means);
  let squares = 0;
  for (const [index, value] of features.entries()) squares += (value - center[index % width]!) ** 2;
  return { center, scale: Math.sqrt(squares / features.length) || 1 };
}

/** Features with their mean at zero and a deviation of one. */
function framed(features: Float32Array, { center, scale }: Frame): Float32Array {
  const width = center.length;
  return features.map((value, index) => (value - center[index % width]!) / scale);
}

/** What a probe says of items. */
export async function probeAnswers(
  backend: Backend,
  { weight, bias, center, width, classes }: LinearProbe,
  { features, labels }: LabeledFeatures,
): Promise<Answers> {
  const answers = new Answers(labels, classes);
  const moved = framed(features, { center, scale: 1 });
  for await (const { query, scores } of similaritiesOfEach(backend, moved, weight, width)) {
    for (let index = 0; index < classes; index++) scores[index]! += bias[index]!;
    answers.take(query, scores);
  }
  return answers;
}

export interface ProbeSearch {
  /** Fitted to the training and the validation part with the best lambda. */
  readonly probe: LinearProbe;
  /** What was tried, by ascending lambda: top-1 accuracy on the validation part, from 0 to 1. */
  readonly tried: readonly { readonly lambda: number; readonly accuracy: number }[];
}

/** Powers of ten where the search begins, and how finely it ends. */
const firstExponents = [-6, -4, -2, 0, 2, 4, 6];
const stepsPerDecade = 8;

/**
 * Finds the lambda from 1e-6 to 1e6 that is best on the validation part, as CLIP does: the interval around the best one is
 * halved until there are 8 steps to a power of ten. Then fits both parts together. Of equally good ones the largest wins.
 */
export async function searchProbe(
  backend: Backend,
  parts: { readonly train: LabeledFeatures; readonly validation: LabeledFeatures },
  sizes: ProbeSizes,
  options: MinimiseOptions = {},
): Promise<ProbeSearch> {
  const tried = new Map<number, { probe: LinearProbe; accuracy: number }>();
  const fitter = new ProbeFitter(backend, parts.train, sizes);
  const attempt = async (exponent: number): Promise<void> => {
    if (tried.has(exponent)) return;
    const start = tried.get(nearest(tried.keys(), exponent))?.probe;
    const probe = await fitter.fit(10 ** exponent, { ...options, ...(start && { start }) });
    const { ranks } = await probeAnswers(backend, probe, parts.validation);
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
  const both = new ProbeFitter(backend, joined(parts.train, parts.validation), sizes);
  const probe = await both.fit(start.lambda, { ...options, start }).finally(() => both.dispose());
  const ascending = [...tried.values()].sort((a, b) => a.probe.lambda - b.probe.lambda);
  return {
    probe,
    tried: ascending.map(({ probe: { lambda }, accuracy }) => ({ lambda, accuracy })),
  };
}

function nearest(values: Iterable<number>, wanted: number): number {
  return [...values].reduce(
    (best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best),
    Infinity,
  );
}

function joined(a: LabeledFeatures, b: LabeledFeatures): LabeledFeatures {
  const features = new Float32Array(a.features.length + b.features.length);
  features.set(a.features);
  features.set(b.features, a.features.length);
  return { features, labels: Int32Array.of(...a.labels, ...b.labels) };
}

function requireLabels(labels: Int32Array, items: number, classes: number): void {
  const odd = labels.find((label) => label < 0 || label >= classes);
  if (odd !== undefined) {
    throw new RangeError(`An item has label ${odd}, but there are ${classes} classes from 0 on.`);
  }
  if (items > 0 && labels.length === items) return;
  throw new RangeError(
    `A probe needs one label for each item; given: ${items} items, ${labels.length} labels.`,
  );
}
