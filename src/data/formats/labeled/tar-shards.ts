/** Tar shards as CLIP_benchmark writes them: 0.tar, 1.tar ... with images and .cls files, and their number in nshards.txt. */
import { join } from "node:path";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { recordCount, tarSource } from "../tar/source.js";
import { classAt } from "./class-names.js";
import { linesIn } from "./lines-in.js";

/**
 * The samples of the shards in a folder such as "train". Their headers are read once to count them.
 * @throws SourceError if a shard is missing or damaged, or nshards.txt is not a number
 */
export async function tarShardsSource(
  folder: string,
  classes: readonly string[],
): Promise<LabeledSource> {
  const paths = await shardPaths(folder);
  let samples = 0;
  for (const path of paths) samples += await recordCount(path);
  return {
    name: folder,
    samples,
    async *read(skipped) {
      for await (const sample of tarSource(paths).read(skipped)) {
        const { key, image, label, path } = sample;
        if (image === undefined) skipped?.add(key, "missing", `${path} has no image.`);
        else if (label === undefined) skipped?.add(key, "damaged", `${path} has no .cls file.`);
        else {
          const name = classAt(classes, numberOf(label), path ?? key);
          yield { key, image, target: { kind: "class", label: name } };
        }
      }
    },
  };
}

const numberOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : NaN);

/** The paths of the shards that nshards.txt counts. */
export async function shardPaths(folder: string): Promise<string[]> {
  const list = join(folder, "nshards.txt");
  const [number = ""] = await linesIn(list);
  const count = numberOf(number);
  if (!(count >= 1 && count <= 100_000))
    throw new SourceError(
      `${list} should hold the number of shards, not ${JSON.stringify(number)}.`,
    );
  return Array.from({ length: count }, (_, index) => join(folder, `${index}.tar`));
}
