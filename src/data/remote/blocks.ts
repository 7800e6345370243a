/** Blocks of files at URLs, from the cache or else from the server. */
import { createHash } from "node:crypto";
import { blocksOf, cachedBlock, keepBlock, knownDigests } from "./block-cache.js";
import { httpStore } from "./http-store.js";
import { type Attempt, persistently, reading } from "./retry.js";
import { s3Store } from "./s3-store.js";
import { type ByteRange, RemoteError, type RemoteState, type RemoteStore } from "./store.js";

/**
 * Samples are drawn in any order, and each takes its whole block if it is not on disk, so blocks should be small: not whole
 * shards. At 1 MiB a block takes 8 ms on a link of 1 Gbit/s, so that a few requests at a time hide a latency of 50 ms.
 * Captions and the headers of images lie between the images: to index a shard of images below 1 MiB, all of its blocks are
 * read, one after another, which is faster than a request for each header, and is not lost for training.
 */
export const blockBytes = 1 << 20;

/** A state of a file at a URL. */
export interface RemoteFile {
  readonly url: string;
  readonly state: RemoteState;
  /** Of its blocks in the cache. */
  readonly directory: string;
}

export const remoteFile = (url: string, state: RemoteState): RemoteFile => ({
  ...{ url, state },
  directory: blocksOf(url, state),
});

export const storeOf = (url: string): RemoteStore => (/^s3:/i.test(url) ? s3Store : httpStore);

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

export const blockCount = ({ state }: RemoteFile): number => Math.ceil(state.size / blockBytes);

const underWay = new Map<string, Promise<Buffer>>();

/**
 * Block number `block`; the buffer may be shared.
 * @throws RemoteError if it cannot be had
 */
export function blockOf(file: RemoteFile, block: number): Promise<Buffer> {
  const place = `${file.directory}/${block}`;
  let found = underWay.get(place);
  if (!found) {
    found = load(file, block).finally(() => underWay.delete(place));
    underWay.set(place, found);
  }
  return found;
}

async function load(file: RemoteFile, block: number): Promise<Buffer> {
  const range = {
    start: block * blockBytes,
    end: Math.min((block + 1) * blockBytes, file.state.size),
  };
  const cached = await cachedBlock(file.directory, block, range.end - range.start);
  if (cached) return cached;
  const digest = (await knownDigests(file.directory))?.[block];
  const bytes = await persistently(reading, async (attempt) => {
    const received = await receive(file, range, attempt);
    if (digest !== undefined && sha256(received) !== digest)
      throw new RemoteError(
        `bytes ${range.start} to ${range.end} differ from what was received before and agreed with SHA256SUMS`,
        false,
      );
    return received;
  });
  await keepBlock(file.directory, block, bytes);
  return bytes;
}

async function receive(
  { url, state }: RemoteFile,
  range: ByteRange,
  attempt: Attempt,
): Promise<Buffer> {
  const answer = await storeOf(url).get(url, range, attempt.signal);
  attempt.received();
  const { size, tag } = answer.state;
  const [bytes, expected] = [[] as Uint8Array[], range.end - range.start];
  let length = 0;
  const isAsked = answer.start === range.start && size === state.size && tag === state.tag;
  for await (const chunk of answer.body) {
    attempt.received();
    if (!isAsked || length > expected) break; // closes it
    bytes.push(chunk);
    length += chunk.length;
  }
  if (size !== state.size || tag !== state.tag)
    throw new RemoteError(
      `it has changed: it had ${state.size} bytes, ${state.tag}, and has ${size}, ${tag}. Start again to read it as it is now`,
      true,
    );
  if (answer.start !== range.start)
    throw new RemoteError(
      `bytes from ${range.start} on were requested, but the server sent those from ${answer.start ?? 0} on`,
      true,
    );
  if (length !== expected)
    throw new RemoteError(
      `of bytes ${range.start} to ${range.end}, ${length} were received, where ${expected} were expected`,
      false,
    );
  return Buffer.concat(bytes, length);
}
