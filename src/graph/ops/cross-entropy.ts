/** Cross entropy with integer labels, row by row. */
import { type Op, type Tensor, spec } from "../tensor.js";
import { apply, remat, shapeError } from "../trace.js";
import { concatenate } from "./concatenate.js";
import { product } from "./matmul.js";
import { requireFloat } from "./require.js";
import { slice } from "./slice.js";

const crossEntropyOp: Op = {
  name: "softmaxCrossEntropy",
  infer(inputs) {
    const [logits, labels, weights] = inputs as [Tensor, Tensor, Tensor];
    requireFloat("softmaxCrossEntropy", logits);
    const [rows] = logits.shape;
    const perRow = [labels, weights].every(({ shape }) => shape.length === 1 && shape[0] === rows);
    if (logits.shape.length !== 2 || !perRow) {
      throw shapeError("softmaxCrossEntropy", inputs, "logits [R, V], labels [R] and weights [R]");
    }
    if (labels.dtype !== "int32" || weights.dtype !== "float32") {
      throw shapeError("softmaxCrossEntropy", inputs, "labels in int32 and weights in float32");
    }
    return [spec(labels.shape), spec(labels.shape)];
  },
  gradient({ inputs, outputs: [, logSumExp] }, [dLoss]) {
    return [dLoss && apply(crossEntropyGradientOp, [...inputs, logSumExp!, dLoss], {})];
  },
  reference({ inputs: [logits, labels, weights], outputs: [loss, logSumExp] }) {
    if (!logits || !labels || !weights || !loss || !logSumExp) return;
    const width = logits.shape[1]!;
    loss.data.fill(0);
    logSumExp.data.fill(0);
    for (const [row, weight] of weights.data.entries()) {
      if (weight === 0) continue;
      const label = labels.data[row]!;
      if (label < 0 || label >= width) {
        throw new Error(`the label of row ${row} is ${label}, but expected 0 to ${width - 1}`);
      }
      const start = row * width;
      let greatest = -Infinity;
      for (let i = 0; i < width; i++) greatest = Math.max(greatest, logits.data[start + i]!);
      let total = 0;
      for (let i = 0; i < width; i++) total += Math.exp(logits.data[start + i]! - greatest);
      logSumExp.data[row] = greatest + Math.log(total);
      loss.data[row] = weight * (logSumExp.data[row] - logits.data[start + label]!);
    }
  },
};

const crossEntropyGradientOp: Op = {
  name: "softmaxCrossEntropyGradient",
  infer: ([logits]) => [logits!],
  inPlace: () => [[0, 0]],
  reference({ inputs: [logits, labels, weights, logSumExp, dLoss], outputs: [dLogits] }) {
    if (!logits || !labels || !weights || !logSumExp || !dLoss || !dLogits) return;
    const width = logits.shape[1]!;
    for (const [row, weight] of weights.data.entries()) {
      const start = row * width;
      if (weight === 0) {
        dLogits.data.fill(0, start, start + width);
        continue;
      }
      const factor = weight * dLoss.data[row]!;
      for (let i = 0; i < width; i++) {
        dLogits.data[start + i] = factor * Math.exp(logits.data[start + i]! - logSumExp.data[row]!);
      }
      dLogits.data[start + labels.data[row]!]! -= factor;
    }
  },
};

/**
 * weight · (log Σ exp(logits) - logits[label]) for every row of the logits [R, V]: float32 [R]. Rows of weight 0 cost
 * nothing and may have any label. The weights have no gradient.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, weights: Tensor): Tensor {
  return apply(crossEntropyOp, [logits, labels, weights], {});
}

/** How the logits are computed. */
export interface LinearCrossEntropyOptions {
  /** How many rows of logits are computed at a time; more if there are very many rows. */
  readonly rowsPerBlock: number;
  /** Precision of the products; default: bfloat16 if a factor has that dtype. */
  readonly compute?: "float32" | "bfloat16";
}

/** Most blocks of rows: each has its own operations in the graph, which must be planned in seconds. */
const mostBlocks = 256;

/**
 * The cross entropy of x · weightᵀ + bias: x [R, D], weight [V, D], bias [V] -> float32 [R]. The logits would be
 * far larger than everything else, so both passes compute and drop them block by block.
 */
export function linearCrossEntropy(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  labels: Tensor,
  weights: Tensor,
  { compute, ...options }: LinearCrossEntropyOptions,
): Tensor {
  const [rows = 0] = x.shape;
  const rowsPerBlock = Math.max(options.rowsPerBlock, Math.ceil(rows / mostBlocks));
  const blockLoss = (start: number): Tensor => {
    const block = (tensor: Tensor): Tensor =>
      slice(tensor, 0, start, Math.min(start + rowsPerBlock, rows));
    const logits = product(block(x), weight, {
      transposeB: true,
      bias,
      dtype: "float32",
      ...(compute && { compute }),
    });
    return softmaxCrossEntropy(logits, block(labels), block(weights));
  };
  const blocks = Math.max(1, Math.ceil(rows / rowsPerBlock));
  return concatenate(
    Array.from({ length: blocks }, (_, i) => remat(() => blockLoss(i * rowsPerBlock))),
    0,
  );
}
