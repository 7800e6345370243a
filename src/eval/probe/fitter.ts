/** Linear probes: logistic regression on features of a frozen encoder (flava.md 8.4). */
import type { Backend } from "../../backend/backend.js";
import { type Program, compile } from "../../backend/program.js";
import { State } from "../../backend/state.js";
import { exclusive } from "../../base/call-queue.js";
import { gradient } from "../../graph/gradient.js";
import { affine } from "../../graph/ops/affine.js";
import { subtract } from "../../graph/ops/arithmetic.js";
import { linearCrossEntropy } from "../../graph/ops/cross-entropy.js";
import { sum } from "../../graph/ops/broadcast.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import { rowOf } from "../../inference/similarity.js";
import {
  type FeatureBlock,
  type LabeledFeatures,
  allRows,
  blockBuffers,
  blocksOf,
  labeledFeatures,
} from "./labeled-features.js";
import {
  type MinimizeOptions,
  type Minimum,
  type Objective,
  bytesToMinimize,
  minimize,
} from "./lbfgs.js";

/** Multinomial logistic regression: logits are weight · (features - mean) + bias. */
export interface LinearProbe {
  /** Numbers in the features of an item. */
  readonly width: number;
  /** Number of classes. */
  readonly classes: number;
  /** Mean of the training features, [width], subtracted to reduce rounding errors. */
  readonly mean: Float32Array;
  /** [classes, width] */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
  /** The regularization that it was fitted with. */
  readonly lambda: number;
  /** The minimized sum, divided by the number of items. */
  readonly loss: number;
  /** Iterations of L-BFGS that were made. */
  readonly iterations: number;
  /** Whether the gradient reached the tolerance. */
  readonly converged: boolean;
}

/** Where fitting starts, and when it ends. */
export interface FitOptions extends MinimizeOptions {
  /** The probe to start from; default: zeros. */
  readonly start?: LinearProbe;
}

/** Rows that one run reads of features that are read in each step, and rows whose logits are in memory at the same time. */
const rowsPerBlock = 4096;
/** Largest gradient element, as in scikit-learn; float32 products do not allow much less. */
const defaultTolerance = 1e-4;

/** The items that a run reads. */
type Items = {
  readonly mean: TensorSpec;
  readonly features: TensorSpec;
  readonly labels: TensorSpec;
  /** 1 for rows that count, 0 for padding. */
  readonly counts: TensorSpec;
};
type Inputs = { readonly weight: TensorSpec; readonly bias: TensorSpec };
type Outputs = { readonly losses: Tensor; readonly weight: Tensor; readonly bias: Tensor };

/**
 * Fits probes to features. Small ones stay with the program, large ones are read a block at a time in each step, so that memory
 * is bounded whatever their number.
 * For a given `lambda`, minimizes the sum of cross entropies plus lambda / 2 · |weights|² (biases are not decayed), like
 * scikit-learn's logistic regression with C = 1 / lambda. The kernels compute the products; L-BFGS and all sums over
 * blocks use double precision. Features are standardized by a single standard deviation, which speeds up convergence
 * without changing the minimum.
 */
export class ProbeFitter {
  /** Bytes that fitting needs, besides features in memory. */
  readonly memory: number;
  readonly #statistics: Statistics;
  readonly #state: State<Items>;
  readonly #program: Program<Inputs, Outputs>;
  /** For features that are read in each step. */
  readonly #buffers?: ReturnType<typeof blockBuffers>;

  /** @param rowsPerRun of features that are read in each step; by default all are written once */
  private constructor(
    backend: Backend,
    /** What probes are fitted to. */
    readonly features: LabeledFeatures,
    /** Number of classes. */
    readonly classes: number,
    statistics: Statistics,
    rowsPerRun?: number,
  ) {
    this.#statistics = statistics;
    const { width, labels } = features;
    const rows = rowsPerRun ?? labels.length;
    if (rowsPerRun !== undefined) this.#buffers = blockBuffers(width, rowsPerRun);
    this.#state = new State(backend, {
      mean: spec([width]),
      features: spec([rows, width]),
      labels: spec([rows], "int32"),
      counts: spec([rows]),
    });
    this.#state.write("mean", statistics.mean);
    const inputs = { weight: spec([classes, width]), bias: spec([classes]) };
    this.#program = compile({ state: this.#state, inputs }, (items, { weight, bias }) => {
      const { mean, features, labels, counts } = items;
      const standardized = affine(subtract(features, mean), 1 / statistics.std, 0);
      const losses = linearCrossEntropy(standardized, weight, bias, labels, counts, {
        rowsPerBlock,
      });
      const gradients = gradient(sum(losses), { weight, bias });
      return { outputs: { losses, weight: gradients.weight!, bias: gradients.bias! } };
    });
    this.memory =
      this.#program.memory.total +
      2 * (this.#buffers?.[0].byteLength ?? 0) +
      bytesToMinimize(classes * width + classes);
  }

  /**
   * Reads the features once for their mean and deviation.
   * @param mostInMemory features of more bytes are read in each step; default: 64 MB
   * @throws RangeError if there are no items, or labels are not from 0 to `classes` - 1
   */
  static async open(
    backend: Backend,
    features: LabeledFeatures,
    classes: number,
    mostInMemory = 1 << 26,
  ): Promise<ProbeFitter> {
    const { labels, width } = features;
    requireLabels(labels, classes);
    const count = labels.length;
    if (count * width * Float32Array.BYTES_PER_ELEMENT > mostInMemory) {
      const statistics = await statisticsOf(features);
      return new ProbeFitter(backend, features, classes, statistics, rowsPerBlock);
    }
    const all = await allRows(features);
    const statistics = await statisticsOf(labeledFeatures(all, labels, width));
    const fitter = new ProbeFitter(backend, features, classes, statistics);
    fitter.#write({ first: 0, rows: count, features: all });
    return fitter;
  }

  /**
   * The objective divided by the number of items, as a function of weights [classes, width] followed by biases
   * [classes] on standardized features. Evaluations take turns, since they share the program's items.
   */
  objective(lambda: number, signal?: AbortSignal): Objective {
    const { classes, features } = this;
    const weights = classes * features.width;
    const decay = lambda / this.#statistics.std ** 2;
    return async (point) => {
      const weight = new Float32Array(point.subarray(0, weights));
      const bias = new Float32Array(point.subarray(weights));
      const gradient = new Float64Array(point.length);
      let value = 0;
      await exclusive(this, async () => {
        for await (const results of this.#runs({ weight, bias }, signal)) {
          value += sumOf(results.losses);
          addTo(gradient, results.weight, 0);
          addTo(gradient, results.bias, weights);
        }
      });
      const share = 1 / features.labels.length;
      let squares = 0;
      for (let index = 0; index < weights; index++) {
        const each = weight[index]!;
        squares += each * each;
        gradient[index] = (gradient[index]! + decay * each) * share;
      }
      for (let index = weights; index < gradient.length; index++) gradient[index]! *= share;
      return { value: (value + (decay / 2) * squares) * share, gradient };
    };
  }

  /** The probe that minimizes the objective for `lambda`. */
  async fit(
    lambda: number,
    { start, tolerance = defaultTolerance, ...options }: FitOptions = {},
  ): Promise<LinearProbe> {
    const { width } = this.features;
    const { classes } = this;
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
    const objective = this.objective(lambda, options.signal);
    return this.#probeOf(lambda, await minimize(objective, point, { tolerance, ...options }));
  }

  /** Frees the program and its memory. */
  dispose(): void {
    this.#program.dispose();
    this.#state.dispose();
  }

  /** The losses and gradients of all blocks. */
  async *#runs(
    parameters: { readonly weight: Float32Array; readonly bias: Float32Array },
    signal: AbortSignal | undefined,
  ) {
    if (!this.#buffers) {
      yield await this.#program.run(parameters, { signal });
      return;
    }
    for await (const block of blocksOf(this.features, rowsPerBlock, this.#buffers)) {
      this.#write(block);
      yield await this.#program.run(parameters, { signal });
    }
  }

  /** Gives the program the items of a block. */
  #write({ first, rows, features }: FeatureBlock): void {
    const most = features.length / this.features.width;
    const labels = new Int32Array(most);
    labels.set(this.features.labels.subarray(first, first + rows));
    const counts = new Float32Array(most).fill(1, 0, rows);
    for (const [name, values] of Object.entries({ features, labels, counts }))
      this.#state.write(name, values);
  }

  #probeOf(lambda: number, { point, value, iterations, converged }: Minimum): LinearProbe {
    const { width } = this.features;
    const { classes } = this;
    const { mean, std } = this.#statistics;
    return {
      width,
      classes,
      mean,
      weight: Float32Array.from(point.subarray(0, classes * width), (weight) => weight / std),
      bias: Float32Array.from(point.subarray(classes * width)),
      lambda,
      loss: value,
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

async function statisticsOf(features: LabeledFeatures): Promise<Statistics> {
  const { width } = features;
  const count = features.labels.length;
  const sums = new Float64Array(width);
  for await (const block of blocksOf(features, rowsPerBlock))
    addRows(sums, block, (value) => value);
  const mean = Float32Array.from(sums, (sum) => sum / count);
  const squares = new Float64Array(width);
  for await (const block of blocksOf(features, rowsPerBlock)) {
    addRows(squares, block, (value, column) => (value - mean[column]!) ** 2);
  }
  const total = squares.reduce((sum, square) => sum + square, 0);
  return { mean, std: Math.sqrt(total / (count * width)) || 1 };
}

/** Adds `term` of every element of a block to the sum of its column. */
function addRows(
  sums: Float64Array,
  { rows, features }: { readonly rows: number; readonly features: Float32Array },
  term: (value: number, column: number) => number,
): void {
  let index = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < sums.length; column++)
      sums[column]! += term(features[index++]!, column);
}

function sumOf(values: ArrayLike<number>): number {
  let [sum, index] = [0, values.length]; // an iterator would take many times as long
  while (index-- > 0) sum += values[index]!;
  return sum;
}

function addTo(target: Float64Array, values: ArrayLike<number>, offset: number): void {
  for (let index = 0; index < values.length; index++) target[offset + index]! += values[index]!;
}

function requireLabels(labels: Int32Array, classes: number): void {
  const invalid = labels.find((label) => label < 0 || label >= classes);
  if (invalid !== undefined) {
    throw new RangeError(
      `Expected labels from 0 to ${classes - 1}, but an item has label ${invalid}.`,
    );
  }
  if (labels.length === 0) throw new RangeError("A probe needs at least one item.");
}
