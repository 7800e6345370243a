/** Labeled images in Parquet files, as Hugging Face writes them: {bytes, path} and the number of the class. */
import { parquetFooter } from "../parquet/rows.js";
import { classNames, parquetSource } from "../parquet/source.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { classAt, classesBySpelling } from "./class-names.js";

export interface ImageColumns {
  readonly image: string;
  readonly label: string;
}

/**
 * The rows of Parquet files. Their classes are those of `classes` by spelling, or else by number.
 * @throws SourceError if a file is damaged, lacks a column, or names another number of classes
 */
export async function parquetImages(
  paths: readonly string[],
  { image, label }: ImageColumns,
  classes: readonly string[],
): Promise<LabeledSource> {
  let [samples, names]: [number, readonly string[] | undefined] = [0, undefined];
  for (const path of paths) {
    const footer = await parquetFooter(path);
    samples += Number(footer.num_rows);
    names = classNames(footer).get(label);
    if (names && names.length !== classes.length)
      throw new SourceError(
        `${path} names ${names.length} classes in its column ${label}, but the set has ${classes.length}.`,
      );
  }
  const inOrder = (names && classesBySpelling(classes, names)) ?? classes;
  const source = parquetSource(paths, { columns: { image, label, texts: [] } });
  return {
    name: source.name,
    samples,
    async *read(skipped) {
      for await (const sample of source.read(skipped)) {
        const { key, where, path = key } = sample;
        if (sample.image === undefined) skipped?.add(sample, "missing", "it has no image.");
        else if (sample.label === undefined) skipped?.add(sample, "unwanted", "it has no label.");
        else {
          const number = names ? names.indexOf(sample.label) : Number(sample.label);
          const target = { kind: "class", label: classAt(inOrder, number, path) } as const;
          yield { key, where, image: sample.image, target };
        }
      }
    },
  };
}
