/** The numbers of the golden files: the formulas of ../make_numbers.py. */
import { type Shape, sizeOf } from "../../../src/graph/tensor.js";

/** A bijection of 32-bit words without pattern (lowbias32 of Chris Wellons). */
function scramble(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** FNV-1a of the name's bytes. */
function seedOf(name: string): number {
  return Buffer.from(name).reduce((seed, byte) => Math.imul(seed ^ byte, 0x01000193), 0x811c9dc5);
}

/** Numbers that follow from a name, even in [center - spread, center + spread). */
export function numbers(name: string, shape: Shape, center = 0, spread = 1): Float32Array {
  const seed = seedOf(name);
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) {
    const unit = (scramble((seed + scramble(i)) | 0) >>> 8) / 2 ** 23 - 1;
    values[i] = center + spread * unit;
  }
  return values;
}

/** The positions of `count` elements of a tensor of `size`. */
export function places(name: string, size: number, count: number): number[] {
  const seed = seedOf(`places of ${name}`);
  return Array.from({ length: count }, (_, i) => scramble((seed + scramble(i)) | 0) % size);
}

/** Pixels of images for an encoder. */
export function pixels(name: string, shape: Shape): Float32Array {
  return numbers(`${name} pixels`, shape, 0, 2);
}

/** Images of side x side cells of 8 x 8 pixels for the codebook, each of its own color, with noise. */
export function codebookPixels(name: string, batch: number, side: number): Float32Array {
  const width = 8 * side;
  const cells = numbers(`${name} cells`, [batch, 3, side, side], 0.5, 0.25);
  const values = numbers(`${name} noise`, [batch, 3, width, width], 0, 0.125);
  for (let i = 0; i < values.length; i++) {
    const [plane, y, x] = [Math.floor(i / width ** 2), Math.floor(i / width) % width, i % width];
    const cell = (plane * side + Math.floor(y / 8)) * side + Math.floor(x / 8);
    values[i] = values[i]! + cells[cell]!;
  }
  return values;
}
