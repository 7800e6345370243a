import type { Matrices } from "./backend.js";

/** Writes matrices one after another, each transposed, to `target` from `start` on. */
export function setTransposed(
  target: Record<number, number>,
  start: number,
  values: Float32Array,
  { rows, columns }: Matrices,
): void {
  for (let i = 0; i < values.length; i++) {
    const within = i % (rows * columns);
    const [row, column] = [Math.floor(within / columns), within % columns];
    target[start + i - within + column * rows + row] = values[i]!;
  }
}
