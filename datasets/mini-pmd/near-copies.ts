/** Finds images of the train split that look like held-out ones. */
import { inkSide } from "./ink.js";

const cells = inkSide * inkSide;
/** Blocks of 8 x 8 cells: 16 of them. */
const blockSide = 8;
const blocksAcross = inkSide / blockSide;
const blockCount = blocksAcross * blocksAcross;
/** Images are copies if they differ by less than this part of the held-out one's ink. */
const tolerance = 0.1;

/**
 * The inks of all held-out images, searched exhaustively: sums of ink over blocks, and over all, differ by no more than
 * the inks themselves, so images ruled out by them need not be compared cell by cell.
 */
export class HeldOutInks {
  readonly #keys: string[];
  /** `[images, 32 * 32]`, by rising mass. */
  readonly #inks: Uint8Array;
  readonly #blocks: Int32Array;
  readonly #masses: Int32Array;

  constructor(images: readonly { readonly key: string; readonly ink: Uint8Array }[]) {
    const weighed = images.map(({ key, ink }) => ({ key, ink, blocks: blockSums(ink) }));
    const sorted = weighed
      .map((each) => ({ ...each, mass: each.blocks.reduce((sum, block) => sum + block, 0) }))
      .sort((a, b) => a.mass - b.mass);
    this.#keys = sorted.map(({ key }) => key);
    this.#masses = Int32Array.from(sorted, ({ mass }) => mass);
    this.#inks = new Uint8Array(sorted.length * cells);
    this.#blocks = new Int32Array(sorted.length * blockCount);
    sorted.forEach(({ ink, blocks }, index) => {
      this.#inks.set(ink, index * cells);
      this.#blocks.set(blocks, index * blockCount);
    });
  }

  /** The key of the first held-out image that `ink` is a copy of, or undefined. */
  copyOf(ink: Uint8Array): string | undefined {
    const blocks = blockSums(ink);
    const mass = blocks.reduce((sum, block) => sum + block, 0);
    // |mass - held| < tolerance * held
    const least = mass / (1 + tolerance);
    const most = mass / (1 - tolerance);
    for (let index = this.#firstFrom(least); index < this.#masses.length; index++) {
      const held = this.#masses[index]!;
      if (held > most) break;
      const limit = tolerance * held;
      if (!within(blocks, this.#blocks, index * blockCount, limit)) continue;
      if (within(ink, this.#inks, index * cells, limit)) return this.#keys[index];
    }
    return undefined;
  }

  /** The first image whose mass is at least `mass`. */
  #firstFrom(mass: number): number {
    let low = 0;
    let high = this.#masses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#masses[middle]! < mass) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Whether the sum of absolute differences stays below `limit`. */
function within(
  a: Uint8Array | Int32Array,
  all: Uint8Array | Int32Array,
  start: number,
  limit: number,
): boolean {
  let difference = 0;
  for (let index = 0; index < a.length; index++) {
    difference += Math.abs(a[index]! - all[start + index]!);
    if (difference >= limit) return false;
  }
  return true;
}

function blockSums(ink: Uint8Array): Int32Array {
  const sums = new Int32Array(blockCount);
  for (let cell = 0; cell < cells; cell++) {
    const row = Math.floor(cell / inkSide / blockSide);
    const block = row * blocksAcross + Math.floor((cell % inkSide) / blockSide);
    sums[block] = sums[block]! + ink[cell]!;
  }
  return sums;
}
