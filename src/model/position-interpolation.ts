/** Interpolation of learned positions for other image sizes (flava.md 1.3). */
import { concatenate } from "../graph/ops/concatenate.js";
import { linear } from "../graph/ops/matmul.js";
import { permute } from "../graph/ops/permute.js";
import { slice } from "../graph/ops/slice.js";
import { constant } from "../graph/placeholder.js";
import type { Tensor } from "../graph/tensor.js";

/**
 * How the sampling grid is defined: by the target size (newer Hugging Face code), or by a scale factor for a target a
 * tenth of a patch larger (older Hugging Face code and TorchMultimodal, following DINO).
 */
export type Interpolation = "size" | "scale";

/**
 * Resizes positions [1 + S * S, D] to a grid of rows x columns patches: [1 + rows * columns, D]. The class token's is
 * kept; the others are resized bicubically (Keys' kernel with a = -0.75, half-pixel centers, edges repeated, no
 * antialiasing).
 */
export function interpolatePositions(
  positions: Tensor,
  [rows, columns]: readonly [number, number],
  interpolation: Interpolation = "size",
): Tensor {
  const [count = 1] = positions.shape;
  const side = Math.round(Math.sqrt(count - 1));
  if (rows === side && columns === side) return positions;
  const weights = kronecker(
    resizeMatrix(side, rows, interpolation),
    resizeMatrix(side, columns, interpolation),
  );
  const matrix = constant(Float32Array.from(weights), [rows * columns, side * side]);
  const patches = slice(positions, 0, 1, count); // [S * S, D]
  const resized = linear(matrix, permute(patches, [1, 0])); // [rows * columns, D]
  return concatenate([slice(positions, 0, 0, 1), resized], 0);
}

/** The weights [to][from] of a one-dimensional bicubic resize. */
function resizeMatrix(from: number, to: number, interpolation: Interpolation): number[][] {
  const step = interpolation === "size" ? from / to : from / (to + 0.1);
  return Array.from({ length: to }, (_, target) => {
    const center = (target + 0.5) * step - 0.5;
    const first = Math.floor(center);
    const row = new Array<number>(from).fill(0);
    for (let tap = first - 1; tap <= first + 2; tap++) {
      const source = Math.min(Math.max(tap, 0), from - 1);
      row[source] = (row[source] ?? 0) + keys(center - tap);
    }
    return row;
  });
}

/** Keys' cubic convolution kernel with a = -0.75, as in PyTorch. */
function keys(distance: number): number {
  const a = -0.75;
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

/** The flattened Kronecker product of `a` and `b`: the two-dimensional resize. */
function kronecker(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[] {
  return a.flatMap((rowA) => b.flatMap((rowB) => rowA.flatMap((x) => rowB.map((y) => x * y))));
}
