/** Tar shards of this package's own sets: images with labels, and images that tables name by key. */
import type { StoredImage } from "../../labeled-sample.js";
import type { LabeledSource } from "../../labeled-source.js";
import { openSource } from "../open.js";
import { stemOf } from "../record-source.js";
import type { Source } from "../source.js";
import { SourceError } from "../source-error.js";
import type { ImageFinder } from "./image-finder.js";

/**
 * The labeled images of shards in a folder.
 * @throws SourceError if a shard is damaged; while reading, if a label is none of `classes`
 */
export async function labeledShards(
  folder: string,
  classes: readonly string[],
): Promise<LabeledSource> {
  const source = await openSource(folder);
  return {
    name: folder,
    samples: await countOf(source),
    async *read(skipped) {
      const names = new Set(classes);
      for await (const { key, path, image, label } of source.read(skipped)) {
        if (label === undefined || !names.has(label))
          throw new SourceError(
            `${path ?? key} has the label ${JSON.stringify(label)}, which is not among the classes.`,
          );
        if (image) yield { key, image, target: { kind: "class", label } };
        else skipped?.add({ key }, "missing", `${path ?? key} has no image.`);
      }
    },
  };
}

async function countOf(source: Source): Promise<number> {
  const count = await source.count();
  if (count !== undefined) return count;
  throw new SourceError(`The shards of ${source.name} cannot be counted: one of them is damaged.`);
}

/** Finds the images in the shards of a folder by the names of their files there, with or without extension. */
export async function imagesInShards(folder: string): Promise<ImageFinder> {
  const images = new Map<string, StoredImage>();
  for await (const { image, path = "" } of (await openSource(folder)).locate())
    if (image) images.set(stemOf(path.slice(path.lastIndexOf(":") + 1)), image);
  return (name) => Promise.resolve(images.get(name) ?? images.get(stemOf(name)));
}
