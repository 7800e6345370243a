import type { RandomSource } from "./random-source.js";

/** The patches of an image. */
interface Grid {
  readonly height: number;
  readonly width: number;
}

interface BlockMaskSizes {
  /** Patches to hide: never more, occasionally a few fewer. */
  readonly total: number;
  /** Minimum area of a block in patches, while that many are left to hide. */
  readonly minGroup: number;
  /** Maximum area of a block in patches; default: all that are left to hide. */
  readonly maxGroup?: number;
  /** Minimum ratio of height to width; default 0.3. */
  readonly minAspect?: number;
  /** Maximum ratio of height to width; default 1 / minAspect. */
  readonly maxAspect?: number;
  /** Attempts to place a block before giving up; default 10. */
  readonly attempts?: number;
}

interface Block {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * FLAVA's mask (flava.md 3.3) hides 75 of 14 x 14 patches in blocks of at least 16. Other grids hide the same shares of
 * their area, rounded: 24 of 8 x 8 patches in blocks of at least 5.
 */
export function blockMaskDefaults({ height, width }: Grid): { total: number; minGroup: number } {
  const share = (patches: number): number =>
    Math.max(1, Math.round((patches / (14 * 14)) * height * width));
  return { total: share(75), minGroup: share(16) };
}

/**
 * A mask of rectangular blocks, like BEiT's (flava.md 3.3): uint8 [height * width], row by row, 1 for hidden patches.
 * Draws from `random` in BEiT's order: area, aspect ratio, and, if the block fits, top and left. A block is smaller than
 * the grid in both directions. At least one patch is hidden, even on grids too small for any block.
 */
export function blockMask(random: RandomSource, sizes: Grid & BlockMaskSizes): Uint8Array {
  requireSizes(sizes);
  const { height, width, total, minGroup, maxGroup = total, attempts = 10 } = sizes;
  const aspects = aspectsOf(sizes);
  const mask = new Uint8Array(height * width);
  let hidden = 0;
  while (hidden < total) {
    const most = Math.min(total - hidden, maxGroup);
    const block = findBlock(random, mask, { height, width }, { minGroup, most, aspects, attempts });
    if (!block) break;
    hidden += visibleCells(mask, width, block);
    hide(mask, width, block);
  }
  if (hidden === 0) mask[random.integer(0, mask.length - 1)] = 1;
  return mask;
}

/** A block that hides at least one more patch and at most `most`, or undefined after too many attempts. */
function findBlock(
  random: RandomSource,
  mask: Uint8Array,
  grid: Grid,
  limits: { minGroup: number; most: number; aspects: Aspects; attempts: number },
): Block | undefined {
  const { minGroup, most, aspects, attempts } = limits;
  const [flattest, tallest] = aspects.map(Math.log) as [number, number];
  for (let attempt = 0; attempt < attempts; attempt++) {
    // The bounds may be reversed if fewer than minGroup patches are left.
    const area = random.uniform(minGroup, most);
    const ratio = Math.exp(random.uniform(flattest, tallest));
    const height = Math.round(Math.sqrt(area * ratio));
    const width = Math.round(Math.sqrt(area / ratio));
    if (height >= grid.height || width >= grid.width) continue;
    const top = random.integer(0, grid.height - height);
    const left = random.integer(0, grid.width - width);
    const block = { top, left, height, width };
    const added = visibleCells(mask, grid.width, block);
    if (added > 0 && added <= most) return block;
  }
  return undefined;
}

function visibleCells(mask: Uint8Array, gridWidth: number, block: Block): number {
  let count = 0;
  for (let row = block.top; row < block.top + block.height; row++) {
    const start = row * gridWidth + block.left;
    for (let cell = start; cell < start + block.width; cell++) count += 1 - mask[cell]!;
  }
  return count;
}

function hide(mask: Uint8Array, gridWidth: number, block: Block): void {
  for (let row = block.top; row < block.top + block.height; row++) {
    const start = row * gridWidth + block.left;
    mask.fill(1, start, start + block.width);
  }
}

/** Range of the ratio of height to width. */
type Aspects = readonly [least: number, greatest: number];

function aspectsOf({ minAspect = 0.3, maxAspect = 1 / minAspect }: BlockMaskSizes): Aspects {
  return [minAspect, maxAspect];
}

function requireSizes(sizes: Grid & BlockMaskSizes): void {
  const { height, width, total, minGroup, maxGroup = total, attempts = 10 } = sizes;
  const wholes = { height, width, total, minGroup, maxGroup, attempts };
  for (const [name, value] of Object.entries(wholes)) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(
        `Expected the ${name} of a block mask to be an integer >= 1, but got ${value}.`,
      );
    }
  }
  if (total > height * width) {
    throw new RangeError(
      `Cannot hide ${total} patches of a grid of ${height} x ${width}; give a total of ${height * width} or less.`,
    );
  }
  const [least, greatest] = aspectsOf(sizes);
  if (!(least > 0 && least <= greatest && greatest < Infinity)) {
    throw new RangeError(
      `Expected aspect ratios 0 < minAspect <= maxAspect, but got ${least} and ${greatest}.`,
    );
  }
}
