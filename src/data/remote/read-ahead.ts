import { type RemoteFile, blockCount, blockOf } from "./blocks.js";

const blocksAhead = 4;

/** Fetches the blocks after `block` while it is read. What is wrong with them is reported when they are read. */
export function readAhead(file: RemoteFile, block: number): void {
  const end = Math.min(blockCount(file), block + 1 + blocksAhead);
  for (let next = block + 1; next < end; next++) blockOf(file, next).catch(() => undefined);
}
