/** Images as histograms of gradients (Dalal and Triggs 2005) and coarse colors: features without a model. */
import { fastResample } from "../../data/image/fast-resample.js";
import type { Image } from "../../data/image/image.js";

/** Side that images are resized to, and sides of the cells that have a histogram, or a mean color. */
const side = 64;
const cell = 8;
const colorCell = 16;
const orientations = 8;

const cells = side / cell;
const colorCells = side / colorCell;
export const gradientWidth = cells * cells * orientations + colorCells * colorCells * 3;

/**
 * For each of 8 x 8 cells, how strong gradients of 8 orientations are, relative to those around; for each of 4 x 4 cells, the
 * mean color.
 * @returns float32 [gradientWidth]
 */
export function gradientHistogram(image: Image): Float32Array {
  const { pixels } = fastResample(image, { width: side, height: side, filter: "bicubic" });
  const features = new Float32Array(gradientWidth);
  features.set(normalized(histograms(pixels)));
  const colors = features.subarray(cells * cells * orientations);
  for (let at = 0; at < side * side; at++) {
    const place =
      colorCells * Math.floor(at / side / colorCell) + Math.floor((at % side) / colorCell);
    for (let channel = 0; channel < 3; channel++)
      colors[3 * place + channel]! += pixels[3 * at + channel]! / (255 * colorCell ** 2);
  }
  return features;
}

/** Magnitudes by cell and orientation, [cells, cells, orientations]; gradients of opposite directions count as one. */
function histograms(pixels: Uint8Array): Float32Array {
  const gray = new Float32Array(side * side);
  for (let at = 0; at < gray.length; at++)
    gray[at] = (pixels[3 * at]! + pixels[3 * at + 1]! + pixels[3 * at + 2]!) / 765;
  const found = new Float32Array(cells * cells * orientations);
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      const at = y * side + x;
      const dx = gray[at + 1]! - gray[at - 1]!;
      const dy = gray[at + side]! - gray[at - side]!;
      if (dx === 0 && dy === 0) continue;
      const turn = ((Math.atan2(dy, dx) / Math.PI + 1) * orientations) % orientations;
      const place = cells * Math.floor(y / cell) + Math.floor(x / cell);
      // Math.hypot takes many times as long as the root.
      found[place * orientations + Math.floor(turn)]! += Math.sqrt(dx * dx + dy * dy);
    }
  }
  return found;
}

/** Each histogram divided by the norm of those of the 3 x 3 cells around it, so that contrast does not matter. */
function normalized(histograms: Float32Array): Float32Array {
  const energies = Float32Array.from({ length: cells * cells }, (_, place) =>
    histograms
      .subarray(place * orientations, (place + 1) * orientations)
      .reduce((sum, value) => sum + value * value, 0),
  );
  return histograms.map((value, index) => {
    const place = Math.floor(index / orientations);
    const [row, column] = [Math.floor(place / cells), place % cells];
    let around = 1e-3;
    for (let y = Math.max(0, row - 1); y <= Math.min(cells - 1, row + 1); y++)
      for (let x = Math.max(0, column - 1); x <= Math.min(cells - 1, column + 1); x++)
        around += energies[y * cells + x]!;
    return value / Math.sqrt(around);
  });
}
