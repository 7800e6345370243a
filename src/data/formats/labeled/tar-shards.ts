/** Tar shards as CLIP_benchmark writes them: 0.tar, 1.tar ... with images and .cls files, and their number in nshards.txt. */
import { join } from "node:path";
import type { LabeledSource } from "../../labeled-source.js";
import type { Sample } from "../../sample.js";
import type { Source } from "../source.js";
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
        if (image === undefined) skipped?.add({ key }, "missing", `${path} has no image.`);
        else if (label === undefined) skipped?.add({ key }, "damaged", `${path} has no .cls file.`);
        else {
          const name = classAt(classes, numberOf(label), path ?? key);
          yield { key, image, target: { kind: "class", label: name } };
        }
      }
    },
  };
}

const numberOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : NaN);

/**
 * The samples of shards with images and .txt files, which hold one caption a line.
 * @throws SourceError if a shard is missing or damaged
 */
export async function captionShards(folder: string): Promise<Source> {
  return withLinesAsTexts(tarSource(await shardPaths(folder)));
}

function withLinesAsTexts(source: Source): Source {
  const split = async function* <S extends Pick<Sample, "texts">>(
    samples: AsyncIterable<S>,
  ): AsyncGenerator<S> {
    for await (const sample of samples) {
      const texts = sample.texts.flatMap((text) => text.split("\n")).map((text) => text.trim());
      yield { ...sample, texts: texts.filter((text) => text !== "") };
    }
  };
  return {
    ...source,
    read: (skipped) => split(source.read(skipped)),
    locate: (skipped) => split(source.locate(skipped)),
  };
}

/** The paths of the shards that nshards.txt counts. */
async function shardPaths(folder: string): Promise<string[]> {
  const list = join(folder, "nshards.txt");
  const [number = ""] = await linesIn(list);
  const count = numberOf(number);
  if (!(count >= 1 && count <= 100_000))
    throw new SourceError(
      `${list} should hold the number of shards, not ${JSON.stringify(number)}.`,
    );
  return Array.from({ length: count }, (_, index) => join(folder, `${index}.tar`));
}
