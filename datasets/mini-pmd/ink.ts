/** Ink: the darkness of an image in 32 x 32 cells, whatever its color. */

/** Cells along each side. */
export const inkSide = 32;

/**
 * The ink of an image `[height, width, 4]` of bytes, fitted into a square. For a monochrome image only the opacity
 * counts, so that its color does not matter; for others, opacity times darkness.
 */
export function inkOf(
  image: Uint8Array,
  width: number,
  height: number,
  monochrome: boolean,
): Uint8Array {
  const side = Math.max(width, height);
  const plane = inkPlane(image, width * height, monochrome);
  // Across first, then down: `[height, cells]`, then `[cells, cells]`.
  const across = averaged(plane, height, width, 1, spans(width, side));
  const down = averaged(across, inkSide, 1, inkSide, spans(height, side));
  return Uint8Array.from(down, (ink) => Math.round(Math.min(255, ink)));
}

function inkPlane(image: Uint8Array, pixels: number, monochrome: boolean): Float32Array {
  const plane = new Float32Array(pixels);
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += 4) {
    const opacity = image[at + 3]!;
    if (opacity === 0) continue;
    const light = 0.299 * image[at]! + 0.587 * image[at + 1]! + 0.114 * image[at + 2]!;
    plane[pixel] = monochrome ? opacity : opacity * (1 - light / 255);
  }
  return plane;
}

/** The pixels covered by one cell, with the share of the cell that each takes. */
interface Span {
  readonly start: number;
  readonly parts: readonly number[];
}

/** Averages over spans along one axis, for `lines` lines that begin `lineStep` apart; results are stored line by line or, for columns, row by row. */
function averaged(
  values: Float32Array,
  lines: number,
  lineStep: number,
  step: number,
  cells: readonly Span[],
): Float32Array {
  const result = new Float32Array(lines * inkSide);
  const byColumn = step !== 1;
  for (let cell = 0; cell < inkSide; cell++) {
    const { start, parts } = cells[cell]!;
    for (let line = 0; line < lines; line++) {
      const from = line * lineStep + start * step;
      let sum = 0;
      for (let index = 0; index < parts.length; index++) {
        sum += parts[index]! * values[from + index * step]!;
      }
      result[byColumn ? cell * inkSide + line : line * inkSide + cell] = sum;
    }
  }
  return result;
}

const knownSpans = new Map<string, readonly Span[]>();

/** For each cell of a square of `side` pixels, its part of the `length` pixels in the middle. */
function spans(length: number, side: number): readonly Span[] {
  const key = `${length}/${side}`;
  const known = knownSpans.get(key);
  if (known) return known;
  const cellLength = side / inkSide;
  const offset = (side - length) / 2;
  const made = Array.from({ length: inkSide }, (_, cell): Span => {
    const from = Math.max(0, cell * cellLength - offset);
    const to = Math.min(length, (cell + 1) * cellLength - offset);
    const start = Math.floor(from);
    const parts: number[] = [];
    for (let pixel = start; pixel < to - 1e-9; pixel++) {
      parts.push((Math.min(to, pixel + 1) - Math.max(from, pixel)) / cellLength);
    }
    return { start, parts };
  });
  knownSpans.set(key, made);
  return made;
}
