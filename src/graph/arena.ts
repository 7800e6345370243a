/** One arena for all temporary tensors: memory is reused after the last read of a tensor. */

/** A range of memory and the instructions (first and last, inclusive) during which it holds a value. */
export interface Block {
  readonly bytes: number;
  first: number;
  last: number;
  offset: number;
}

/** How a backend places tensors in memory. */
export interface MemoryLayout {
  /** Offsets are multiples of this many bytes. */
  readonly alignment: number;
  /** The size of a buffer, if there may be several: no tensor reaches across a multiple of it. */
  readonly bufferBytes?: number;
}

/** For aligned vector loads, and to avoid false sharing. */
export const processorMemory: MemoryLayout = { alignment: 64 };

/** `bytes` rounded up to the alignment. */
export function aligned(bytes: number, { alignment } = processorMemory): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** The first offset from `offset` on at which so many bytes do not reach across the end of a buffer. */
export function withinBuffer(offset: number, bytes: number, { bufferBytes }: MemoryLayout): number {
  if (bufferBytes === undefined) return offset;
  const left = bufferBytes - (offset % bufferBytes);
  return bytes <= left ? offset : offset + left;
}

/**
 * Assigns offsets so that no two blocks that are live at the same time overlap, and returns the size of the
 * arena. Large blocks are placed first, each in the lowest gap that fits.
 */
export function placeBlocks(blocks: readonly Block[], memory = processorMemory): number {
  const placed = new Timeline();
  let size = 0;
  const bySize = [...blocks].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const block of bySize) {
    block.offset = lowestGap(placed.during(block), block.bytes, memory);
    placed.add(block);
    size = Math.max(size, block.offset + aligned(block.bytes, memory));
  }
  return size;
}

/** Instructions in a slot of a timeline. */
const slotInstructions = 64;
const slotOf = (instruction: number): number => Math.floor(instruction / slotInstructions);

/** Placed blocks, by the time of their life and by offset. */
class Timeline {
  readonly #slots: Block[][] = [];
  readonly #byOffset: Block[] = [];

  add(block: Block): void {
    for (let slot = slotOf(block.first); slot <= slotOf(block.last); slot++) {
      (this.#slots[slot] ??= []).push(block);
    }
    let [low, high] = [0, this.#byOffset.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#byOffset[middle]!.offset < block.offset) low = middle + 1;
      else high = middle;
    }
    this.#byOffset.splice(low, 0, block);
  }

  /** The blocks that live at the same time as `block`, by offset. */
  during({ first, last }: Block): Block[] {
    const meets = (other: Block): boolean => other.first <= last && first <= other.last;
    const [start, end] = [slotOf(first), slotOf(last)];
    // A long life meets most others, which are sorted once for all; a short one few, which take less than to go through all.
    if (end > start + 1) return this.#byOffset.filter(meets);
    const started = (this.#slots[start] ?? []).filter(meets);
    const later = end === start ? [] : (this.#slots[end] ?? []);
    const others = later.filter((other) => slotOf(other.first) === end && meets(other));
    return [...started, ...others].sort((a, b) => a.offset - b.offset);
  }
}

function lowestGap(neighbors: readonly Block[], bytes: number, memory: MemoryLayout): number {
  const size = aligned(bytes, memory);
  let offset = 0;
  for (const neighbor of neighbors) {
    if (offset + size <= neighbor.offset) break;
    const end = neighbor.offset + aligned(neighbor.bytes, memory);
    offset = withinBuffer(Math.max(offset, end), size, memory);
  }
  return offset;
}
