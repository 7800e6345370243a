/** `shards.json`: names, sample counts and sizes of the shards in a directory, which avoids scanning them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../../../base/replace-file.js";
import { SourceError, reasonOf } from "../source-error.js";

export const listName = "shards.json";

const count = z.number().int().nonnegative();
const shardList = z.object({
  format: z.literal("flava shards"),
  version: z.literal(1),
  shards: z.array(
    z.object({
      name: z.string().regex(/^[\w-][\w.-]*\.tar$/, "a file name that ends in .tar"),
      samples: count,
      bytes: count,
    }),
  ),
});

/** A complete shard: file name, number of samples and size. */
export type ListedShard = z.infer<typeof shardList>["shards"][number];

/** The shards listed in `directory`; undefined if it has no list. */
export async function readShardList(directory: string): Promise<ListedShard[] | undefined> {
  const path = join(directory, listName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SourceError(`${path} is damaged: ${reasonOf(error)}. Delete it to count again.`);
  }
  const parsed = shardList.safeParse(value);
  if (parsed.success) return parsed.data.shards;
  throw new SourceError(
    `${path} is not a list of shards that this version understands: ${z.prettifyError(parsed.error)}. ` +
      `Delete it to count again.`,
  );
}

/** Replaces the list atomically. */
export async function writeShardList(
  directory: string,
  shards: readonly ListedShard[],
): Promise<void> {
  const path = join(directory, listName);
  const json = JSON.stringify({ format: "flava shards", version: 1, shards }, undefined, 1);
  await replaceFile(path, `${json}\n`);
}
