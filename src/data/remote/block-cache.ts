/**
 * Blocks of remote files on disk, shared by all processes and threads of a machine: a directory for each state of a file,
 * in it a file for each block. Blocks appear whole, by renaming; those not used for longest are deleted. That needs no lock:
 * two that clean up at the same time delete the same blocks, and a block that is gone is fetched again.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { bytesIn } from "../../base/byte-size.js";
import { cacheDirectory } from "../../base/cache.js";
import { RemoteError, type RemoteState } from "./store.js";

const defaultLimit = "20GB";
const freshFor = 60_000; // milliseconds for which a use need not be noted again
/** Each thread may write this share of the limit before it looks at the whole cache. */
const uncheckedShare = 1 / 50;
const keptShare = 0.8;
const digestsName = "digests.json";
const digestsKept = 30 * 24 * 60 * 60 * 1000; // milliseconds: as long as indexes
let unchecked = Infinity; // bytes written since then: at first, what earlier processes wrote

const root = (): string => join(cacheDirectory(), "remote");

/** The most that blocks may take on disk, in bytes: `FLAVA_REMOTE_CACHE`. */
function limit(): number {
  const { FLAVA_REMOTE_CACHE: text = defaultLimit } = process.env;
  const bytes = bytesIn(text);
  if (bytes !== undefined) return bytes;
  throw new RemoteError(`FLAVA_REMOTE_CACHE is "${text}"; expected a size such as 100GB`, true);
}

/** The directory of the blocks of a state of the file at `url`. */
export function blocksOf(url: string, { size, tag }: RemoteState): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([url, size, tag]))
    .digest("hex");
  return join(root(), hash.slice(0, 32));
}

/** A block; undefined if it is not there, or not of that length. */
export async function cachedBlock(
  directory: string,
  block: number,
  length: number,
): Promise<Buffer | undefined> {
  const file = await open(join(directory, String(block)), "r").catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size, mtimeMs } = await file.stat();
    if (size !== length) return undefined;
    const now = Date.now();
    if (now - mtimeMs > freshFor) await file.utimes(now / 1000, now / 1000);
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(bytes, 0, length, 0);
    return bytesRead === length ? bytes : undefined;
  } finally {
    await file.close();
  }
}

/** Adds a block. @throws RemoteError if it cannot be written */
export async function keepBlock(directory: string, block: number, bytes: Buffer): Promise<void> {
  const most = limit();
  await write(directory, String(block), bytes);
  unchecked += bytes.length;
  if (unchecked <= most * uncheckedShare) return;
  unchecked = 0;
  await cleanUp(most);
}

/** SHA-256 of each block, where the whole file was found to be as its publisher lists it. */
export async function knownDigests(directory: string): Promise<readonly string[] | undefined> {
  const path = join(directory, digestsName);
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const now = Date.now() / 1000;
  await utimes(path, now, now).catch(() => undefined);
  return JSON.parse(text) as string[];
}

/** Says what `knownDigests` gives. @throws RemoteError if it cannot be written */
export async function keepDigests(directory: string, digests: readonly string[]): Promise<void> {
  await write(directory, digestsName, JSON.stringify(digests));
}

/** Forgets the blocks of a file. */
export async function forgetBlocks(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

async function write(directory: string, name: string, content: string | Buffer): Promise<void> {
  const partial = join(directory, `${name}.${randomUUID()}`);
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(partial, content);
    await rename(partial, join(directory, name));
  } catch (error) {
    await rm(partial, { force: true });
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // its directory was empty, and cleaned up
    throw new RemoteError(
      `the cache ${root()} cannot be written (${(error as NodeJS.ErrnoException).code}): make room, set FLAVA_REMOTE_CACHE ` +
        "to less, or FLAVA_CACHE to another disk",
      true,
    );
  }
}

/** Deletes the blocks that were not used for longest if all together take more than `most` bytes. */
async function cleanUp(most: number): Promise<void> {
  const found: { readonly path: string; readonly bytes: number; readonly used: number }[] = [];
  for (const directory of await readdir(root()))
    for (const name of await readdir(join(root(), directory)).catch(() => [])) {
      const path = join(root(), directory, name);
      const facts = await stat(path).catch(() => undefined);
      const isKept = name === digestsName && facts && Date.now() - facts.mtimeMs < digestsKept;
      if (facts && !isKept) found.push({ path, bytes: facts.size, used: facts.mtimeMs });
    }
  let total = found.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= most * (1 - uncheckedShare)) return;
  for (const { path, bytes } of found.sort((a, b) => a.used - b.used)) {
    if (total <= most * keptShare) break;
    await rm(path, { force: true });
    total -= bytes;
    await rmdir(join(path, "..")).catch(() => undefined); // if that was its last block
  }
}
