/** `SHA256SUMS` beside remote files, as `sha256sum` writes it: "<64 hexadecimal digits>  name" in each line. */
import { createHash } from "node:crypto";
import { forgetBlocks, keepDigests, knownDigests } from "./block-cache.js";
import { type RemoteFile, blockCount, sha256, storeOf } from "./blocks.js";
import { blocksInOrder } from "./blocks-in-order.js";
import { opening, persistently } from "./retry.js";
import { RemoteError } from "./store.js";

const listName = "SHA256SUMS";
const mostBytes = 1 << 26;

/**
 * Reads the whole file and compares it, if it is listed and was not compared in this state. Blocks that leave the cache and
 * are fetched again are compared with what was read here.
 * @throws RemoteError if it is not as it is listed
 */
export async function verify(file: RemoteFile): Promise<void> {
  if (await knownDigests(file.directory)) return;
  const [, folder = "", name = ""] = /^(.*\/)([^/]*)$/s.exec(file.url) ?? [];
  const expected = (await sumsIn(folder)).get(name);
  if (expected === undefined) return;
  let found = await digestsOf(file);
  if (found.whole !== expected) {
    await forgetBlocks(file.directory); // perhaps it was damaged on its way
    found = await digestsOf(file);
  }
  if (found.whole !== expected) {
    await forgetBlocks(file.directory);
    throw new RemoteError(
      `its SHA-256 is ${found.whole}, where ${listName} beside it says ${expected}`,
      true,
    );
  }
  await keepDigests(file.directory, found.blocks);
}

async function digestsOf(file: RemoteFile): Promise<{ whole: string; blocks: string[] }> {
  const whole = createHash("sha256");
  const blocks: string[] = [];
  const blockAt = blocksInOrder(file);
  for (let block = 0; block < blockCount(file); block++) {
    const bytes = await blockAt(block);
    whole.update(bytes);
    blocks.push(sha256(bytes));
  }
  return { whole: whole.digest("hex"), blocks };
}

const lists = new Map<string, Promise<ReadonlyMap<string, string>>>();

/** The sums of the files in a folder by name, read once; none if it has no list. */
function sumsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  let sums = lists.get(folder);
  if (!sums) {
    sums = readSums(`${folder}${listName}`);
    sums.catch(() => lists.delete(folder));
    lists.set(folder, sums);
  }
  return sums;
}

async function readSums(url: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await persistently(opening, async ({ signal, received }) => {
      const { body } = await storeOf(url).get(url, { start: 0, end: mostBytes }, signal);
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) {
        received();
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString("utf8");
    });
  } catch (error) {
    // Stores answer 403 for what does not exist where listing is not allowed.
    if (error instanceof RemoteError && [403, 404, 410].includes(error.status ?? 0))
      return new Map();
    throw error;
  }
  const lines = [...text.matchAll(/^([0-9a-f]{64}) [ *](.+?)\r?$/gim)];
  return new Map(
    lines.map(([, sum = "", name = ""]) => [name.replace(/^\.\//, ""), sum.toLowerCase()]),
  );
}
