import { LruCache } from "../../base/lru-cache.js";
import { type RemoteFile, blockCount, blockOf } from "./blocks.js";

const blocksAhead = 4;

/** Reads blocks of a file. Where they are read in order, the next ones are fetched meanwhile; the last ones are in memory. */
export function blocksInOrder(file: RemoteFile): (block: number) => Promise<Buffer> {
  const held = new LruCache<number, Promise<Buffer>>(2 + blocksAhead);
  let last = -1;
  const hold = (block: number): Promise<Buffer> => {
    const known = held.get(block);
    if (known) return known;
    const found = blockOf(file, block);
    found.catch(() => held.delete(block)); // reported if it is read
    held.set(block, found);
    return found;
  };
  return (block) => {
    const found = hold(block);
    const end = block === last + 1 ? Math.min(blockCount(file), block + 1 + blocksAhead) : 0;
    for (let next = block + 1; next < end; next++) void hold(next);
    last = block;
    return found;
  };
}
