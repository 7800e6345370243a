/** Linear probes: logistic regression on features of a frozen encoder (flava.md 8.4). */
import type { Backend } from "../backend/backend.js";
import { compile } from "../backend/program.js";
import { State } from "../backend/state.js";
import { gradient } from "../graph/gradient.js";
import { fill } from "../graph/ops/fill.js";
import { linearCrossEntropy } from "../graph/ops/cross-entropy.js";
import { sum } from "../graph/ops/broadcast.js";
import { spec } from "../graph/tensor.js";
import { countOf, rowOf, similaritiesOfEach } from "../inference/similarity.js";
import { Predictions } from "./classification.js";
import { type MinimizeOptions, type Minimum, type Objective, minimize } from "./lbfgs.js";

/** Features with class labels. */
export interface LabeledFeatures {
  /** float32 [N, width] */
  readonly features: Float32Array;
  /** The class of each item, >= 0. */
  readonly labels: Int32Array;
}

export interface ProbeSizes {
  readonly width: number;
  readonly classes: number;
}

/** Multinomial logistic regression: logits are weight · (features - mean) + bias. */
export interface LinearProbe extends ProbeSizes {
  /** Mean of the training features, [width], subtracted to reduce rounding errors. */
  readonly mean: Float32Array;
  /** [classes, width] */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
  readonly lambda: number;
  readonly iterations: number;
  readonly converged: boolean;
}

interface FitOptions extends MinimizeOptions {
  /** The probe to start from; default: zeros. */
  readonly start?: LinearProbe;
}

const rowsPerBlock = 4096;
/** Largest gradient element, as in scikit-learn; float32 products do not allow much less. */
const defaultTolerance = 1e-4;

/**
 * Fits probes to features, which are uploaded to the backend once. For a given `lambda`, minimizes the sum of cross
 * entropies plus lambda / 2 · |weights|² (biases are not decayed), like scikit-learn's logistic regression with C = 1 /
 * lambda. The kernels compute the products; L-BFGS and all sums over items use double precision. Features are
 * standardized by a single standard deviation, which speeds up convergence without changing the minimum.
 */
export class ProbeFitter {
  readonly #state;
  readonly #program;
  readonly #count: number;
  readonly #statistics: Statistics;

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
    this.#statistics = statisticsOf(features, width);
    this.#state.writeAll({ features: standardized(features, this.#statistics), labels });
    const inputs = { weight: spec([classes, width]), bias: spec([classes]) };
    this.#program = compile({ state: this.#state, inputs }, (given, { weight, bias }) => {
      const weights = fill(given.labels.shape, 1);
      const losses = linearCrossEntropy(given.features, weight, bias, given.labels, weights, {
        rowsPerBlock,
      });
      const gradients = gradient(sum(losses), { weight, bias });
      return { outputs: { losses, weight: gradients.weight!, bias: gradients.bias! } };
    });
  }

  /**
   * The objective divided by the number of items, as a function of weights [classes, width] followed by biases
   * [classes] on standardized features.
   */
  objective(lambda: number): Objective {
    const { width, classes } = this.sizes;
    const weights = classes * width;
    const decay = lambda / this.#statistics.std ** 2;
    return async (point) => {
      const weight = Float32Array.from(point.subarray(0, weights));
      const bias = Float32Array.from(point.subarray(weights));
      const results = await this.#program.run({ weight, bias });
      const value = Float64Array.from(results.losses).reduce((total, loss) => total + loss, 0);
      const gradient = new Float64Array(point.length);
      gradient.set(results.weight);
      gradient.set(results.bias, weights);
      let squares = 0;
      for (let index = 0; index < weights; index++) {
        squares += weight[index]! ** 2;
        gradient[index]! += decay * weight[index]!;
      }
      const share = 1 / this.#count;
      return {
        value: (value + (decay / 2) * squares) * share,
        gradient: gradient.map((element) => element * share),
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
      const { mean, std } = this.#statistics;
      point.set(start.weight.map((value) => value * std));
      const shift = mean.map((value, index) => value - start.mean[index]!);
      for (let row = 0; row < classes; row++) {
        const weight = rowOf(start.weight, row, width);
        const change = weight.reduce((total, value, index) => total + value * shift[index]!, 0);
        point[classes * width + row] = start.bias[row]! + change;
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
    const { mean, std } = this.#statistics;
    return {
      width,
      classes,
      mean,
      weight: Float32Array.from(point.subarray(0, classes * width), (value) => value / std),
      bias: Float32Array.from(point.subarray(classes * width)),
      lambda,
      iterations,
      converged,
    };
  }
}

interface Statistics {
  /** The mean of the features: [width]. */
  readonly mean: Float32Array;
  /** Standard deviation of the features over all axes. */
  readonly std: number;
}

function statisticsOf(features: Float32Array, width: number): Statistics {
  const count = features.length / width;
  const means = new Float64Array(width);
  for (const [index, value] of features.entries()) means[index % width]! += value / count;
  const mean = Float32Array.from(means);
  let squares = 0;
  for (const [index, value] of features.entries()) squares += (value - mean[index % width]!) ** 2;
  return { mean, std: Math.sqrt(squares / features.length) || 1 };
}

/** Features with mean 0 and standard deviation 1. */
function standardized(features: Float32Array, { mean, std }: Statistics): Float32Array {
  const width = mean.length;
  return features.map((value, index) => (value - mean[index % width]!) / std);
}

/** Classifies items with a probe. */
export async function predict(
  backend: Backend,
  { weight, bias, mean, width, classes }: LinearProbe,
  { features, labels }: LabeledFeatures,
): Promise<Predictions> {
  const predictions = new Predictions(labels, classes);
  const centered = standardized(features, { mean, std: 1 });
  for await (const { query, scores } of similaritiesOfEach(backend, centered, weight, width)) {
    for (let index = 0; index < classes; index++) scores[index]! += bias[index]!;
    predictions.add(query, scores);
  }
  return predictions;
}

function requireLabels(labels: Int32Array, items: number, classes: number): void {
  const invalid = labels.find((label) => label < 0 || label >= classes);
  if (invalid !== undefined) {
    throw new RangeError(
      `Expected labels from 0 to ${classes - 1}, but an item has label ${invalid}.`,
    );
  }
  if (items > 0 && labels.length === items) return;
  throw new RangeError(
    `A probe needs one label for each item, but got ${items} items and ${labels.length} labels.`,
  );
}
