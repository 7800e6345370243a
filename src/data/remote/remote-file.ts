/** Files at URLs, read as those on disk are. */
import { mapLimited } from "../../base/map-limited.js";
import type { ByteRanges } from "../formats/byte-ranges.js";
import { blockBytes, blockOf, remoteFile, storeOf } from "./blocks.js";
import { blocksInOrder } from "./blocks-in-order.js";
import { verify } from "./checksums.js";
import { opening, persistently } from "./retry.js";
import { type ByteRange, RemoteError, type RemoteState } from "./store.js";

const concurrentBlocks = 8;

/**
 * The present state of the file at `url`.
 * @throws RemoteError if it cannot be read in parts
 */
export async function remoteState(url: string): Promise<RemoteState> {
  return persistently(opening, async ({ signal }) => {
    const { state, start, body } = await storeOf(url).get(url, { start: 0, end: 1 }, signal);
    for await (const { length } of body) if (length > 0) break; // closes it
    if (start === undefined)
      throw new RemoteError(
        "the server ignores Range requests, as python3 -m http.server does, so each sample would take the whole file. " +
          "Use nginx, Caddy or an S3 store, or download it",
        true,
      );
    if (state.tag === "")
      throw new RemoteError(
        "the server sends neither ETag nor Last-Modified, so changes would go unnoticed",
        true,
      );
    return state;
  });
}

/** Opens the file at `url`, after it was compared with `SHA256SUMS` where there is one. */
export async function openRemote(url: string): Promise<ByteRanges> {
  const state = await remoteState(url);
  const file = remoteFile(url, state);
  await verify(file);
  const blockAt = blocksInOrder(file);
  return {
    ...{ size: state.size, state },
    read: (start, length) => bytesOf({ start, end: Math.min(start + length, state.size) }, blockAt),
    close: () => Promise.resolve(),
  };
}

/**
 * Bytes of the file at `url`, which must still be in this state.
 * @throws RemoteError
 */
export async function readRemote(
  url: string,
  state: RemoteState,
  range: ByteRange,
): Promise<Buffer> {
  const file = remoteFile(url, state);
  return bytesOf(range, (block) => blockOf(file, block));
}

/** Fetches what `readRemote` will read. What is wrong is reported when it is read. */
export async function fetchRemote(
  url: string,
  state: RemoteState,
  range: ByteRange,
): Promise<void> {
  const file = remoteFile(url, state);
  await Promise.allSettled(blocksIn(range).map((block) => blockOf(file, block)));
}

function blocksIn({ start, end }: ByteRange): number[] {
  const first = Math.floor(start / blockBytes);
  const count = Math.max(0, Math.ceil(end / blockBytes) - first);
  return Array.from({ length: count }, (_, index) => first + index);
}

/** A copy: a view would keep whole blocks in memory. */
async function bytesOf(
  { start, end }: ByteRange,
  blockAt: (block: number) => Promise<Buffer>,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.max(0, end - start));
  await mapLimited(blocksIn({ start, end }), concurrentBlocks, async (block) => {
    const at = block * blockBytes - start; // of the block in `bytes`
    (await blockAt(block)).copy(bytes, Math.max(0, at), Math.max(0, -at), end - block * blockBytes);
  });
  return bytes;
}
