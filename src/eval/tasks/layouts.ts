/** Layouts that all sets of images are distributed in. */
import { join } from "node:path";
import { classFoldersSource } from "../../data/formats/labeled/class-folders.js";
import { parquetImages } from "../../data/formats/labeled/parquet-images.js";
import { tarShardsSource } from "../../data/formats/labeled/tar-shards.js";
import type { LabeledSource } from "../../data/labeled-source.js";
import { pathsOf } from "./task-files.js";
import type { Layout, Part } from "./task.js";

export type LabeledPart = Part<LabeledSource>;
export type LabeledLayout = Layout<LabeledSource>;

/** Parts by name. */
export type LabeledParts = Readonly<Record<string, LabeledPart>>;

/** Official numbers of samples of the parts. */
type Sizes = Readonly<Record<string, NonNullable<LabeledPart["samples"]>>>;

/** One folder per part, which has one folder per class. */
export function classFolders(
  classes: readonly string[],
  folders: Readonly<Record<string, string>>,
  samples: Sizes,
): LabeledLayout {
  const part = (name: string, folder: string): LabeledPart => ({
    files: [folder],
    ...samplesOf(samples, name),
    open: (root) => classFoldersSource(join(root, folder), classes),
  });
  return { name: "class folders", parts: mapParts(folders, part) };
}

/**
 * CLIP_benchmark's shards: training and test part, where the training part includes the validation part; its size differs
 * between sets.
 */
export function tarShards(classes: readonly string[], testSamples: number): LabeledLayout {
  const part = (name: string): LabeledPart => ({
    files: [`${name}/nshards.txt`, `${name}/*.tar`],
    open: (root) => tarShardsSource(join(root, name), classes),
  });
  const test = { ...part("test"), samples: testSamples };
  return { name: "tar shards of CLIP_benchmark", parts: { train: part("train"), test } };
}

export interface ParquetLayout {
  /** Name of the image column; default: "image". */
  readonly image?: string;
  /** Name of the label column; default: "label". */
  readonly label?: string;
  /** Name of the configuration, in whose folder the files may be. */
  readonly configuration?: string;
  /** Hugging Face's name for each part. */
  readonly splits: Readonly<Record<string, string>>;
}

/** Hugging Face's Parquet files, as uploaded or as converted by the Hub. */
export function parquet(
  classes: readonly string[],
  { image = "image", label = "label", configuration, splits }: ParquetLayout,
  samples: Sizes,
): LabeledLayout {
  const part = (name: string, split: string): LabeledPart => {
    const files = parquetFiles(split, configuration);
    return {
      files: [files],
      ...samplesOf(samples, name),
      open: async (root) => parquetImages(await pathsOf(root, files), { image, label }, classes),
    };
  };
  return { name: "Parquet of Hugging Face", parts: mapParts(splits, part) };
}

/**
 * Where the Parquet files of a split may be: in the folder itself or in "data", as uploaded to the Hub, or in that of a
 * configuration such as "mnli"; with the split in their names, or in a folder of the split, as the Hub converts them.
 */
export function parquetFiles(split: string, configuration?: string): string {
  const folders = [
    ...(configuration === undefined ? [] : [`${configuration}/`]),
    "data/",
    "",
    "default/",
  ];
  return folders
    .flatMap((folder) => [`${folder}${split}-*.parquet`, `${folder}${split}/*.parquet`])
    .join(" or ");
}

const samplesOf = (samples: Sizes, part: string): Pick<LabeledPart, "samples"> =>
  samples[part] === undefined ? {} : { samples: samples[part] };

const mapParts = (
  names: Readonly<Record<string, string>>,
  part: (name: string, value: string) => LabeledPart,
): LabeledParts =>
  Object.fromEntries(Object.entries(names).map(([name, value]) => [name, part(name, value)]));
