import type { Matrices } from "./backend.js";

/** Writes matrices one after another, each transposed, to `target` from `start` on. */
export function setTransposed(
  target: Record<number, number>,
  start: number,
  values: Float32Array,
  { rows, columns }: Matrices,
): void {
  for (let first = 0; first < values.length; first += rows * columns) {
    let place = start + first;
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < rows; row++)
        target[place++] = values[first + row * columns + column]!;
    }
  }
}
