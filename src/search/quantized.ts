/** Vectors in 8 bits, and how far that takes their products from the exact ones. */

/** Vectors [N, width] as 8-bit numbers times a scale for each vector. */
export interface Quantized {
  /** int8 [N, width]. */
  readonly codes: Int8Array<ArrayBuffer>;
  /** float32 [N]. */
  readonly scales: Float32Array<ArrayBuffer>;
  readonly bounds: Bounds;
}

/** Bounds that hold for all vectors of a set. */
export interface Bounds {
  /** Length of a vector. */
  readonly length: number;
  /** Length of the difference between a vector and its 8-bit form. */
  readonly residual: number;
}

export const noBounds: Bounds = { length: 0, residual: 0 };

export const widest = (a: Bounds, b: Bounds): Bounds => ({
  length: Math.max(a.length, b.length),
  residual: Math.max(a.residual, b.residual),
});

/** Quantizes vectors [N, width], each by its largest number. */
export function quantize(vectors: Float32Array, width: number): Quantized {
  const count = vectors.length / width;
  const codes = new Int8Array(vectors.length);
  const scales = new Float32Array(count);
  let bounds = noBounds;
  for (let row = 0; row < count; row++) {
    const from = row * width;
    let largest = 0;
    for (let i = from; i < from + width; i++) largest = Math.max(largest, Math.abs(vectors[i]!));
    const scale = Math.fround(largest / 127) || 1; // of rows of zeros, or of denormals
    let [squares, errors] = [0, 0];
    for (let i = from; i < from + width; i++) {
      const value = vectors[i]!;
      const code = Math.max(-127, Math.min(127, Math.round(value / scale)));
      codes[i] = code;
      squares += value * value;
      errors += (value - code * scale) ** 2;
    }
    scales[row] = scale;
    bounds = widest(bounds, { length: Math.sqrt(squares), residual: Math.sqrt(errors) });
  }
  return { codes, scales, bounds };
}

/** What rounding to float32 may add, relative to the lengths of the vectors. */
const rounding = 1e-6;

/**
 * How far the product of a quantized query and a quantized vector may be from that of the exact ones, by the inequality of
 * Cauchy and Schwarz.
 */
export function errorBound(query: Float32Array, vectors: Bounds): number {
  const { length, residual } = quantize(query, query.length).bounds;
  const error = residual * vectors.length + (length + residual) * vectors.residual;
  return error + rounding * length * vectors.length;
}
