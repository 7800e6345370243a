/** Resampling filters, and their weights for the pixels of a row or column. */

export type Filter = "box" | "bilinear" | "bicubic" | "lanczos";

/** A filter function and its radius. */
interface Kernel {
  readonly reach: number;
  readonly weight: (distance: number) => number;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Keys' cubic convolution with a = -1/2. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

const kernels: Readonly<Record<Filter, Kernel>> = {
  box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { reach: 1, weight: (x) => Math.max(1 - Math.abs(x), 0) },
  bicubic: { reach: 2, weight: cubic },
  lanczos: { reach: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Weights are integers in units of 2^-22: 255 times weights that add up to 1.5 still fits in 32 bits. */
export const precisionBits = 32 - 8 - 2;
const one = 2 ** precisionBits;

/**
 * The inputs of each of the `outputs` pixels along an axis. Row `output` of this matrix has `stride` numbers: the index
 * of the first input pixel, the number of input pixels, and their weights.
 */
export interface Taps {
  readonly outputs: number;
  readonly stride: number;
  readonly rows: Int32Array;
}

/**
 * The weights that resize the range from `start` to `end` (may be fractional) of `inputs` pixels to `outputs` pixels.
 * The filter is widened for downscaling, and truncated and renormalized at the borders.
 */
export function tapsOf(
  filter: Filter,
  inputs: number,
  [start, end]: readonly [number, number],
  outputs: number,
): Taps {
  const { reach, weight } = kernels[filter];
  const scale = Math.fround(end - start) / outputs; // Pillow stores boxes in float32
  const widening = Math.max(scale, 1);
  const support = reach * widening;
  const stride = 2 + 2 * Math.ceil(support) + 1;
  const rows = new Int32Array(outputs * stride);
  const weights = new Float64Array(stride);
  for (let output = 0; output < outputs; output++) {
    const center = start + (output + 0.5) * scale;
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), inputs) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const value = weight((tap + first - center + 0.5) * (1 / widening));
      weights[tap] = value;
      sum += value;
    }
    const row = output * stride;
    rows[row] = first;
    rows[row + 1] = count;
    for (let tap = 0; tap < count; tap++) {
      const fixed = (sum === 0 ? weights[tap]! : weights[tap]! / sum) * one;
      rows[row + 2 + tap] = fixed < 0 ? fixed - 0.5 : fixed + 0.5; // truncated when stored
    }
  }
  return { outputs, stride, rows };
}
