import {
  type LabeledLayout,
  type LabeledPart,
  type ParquetLayout,
  classFolders,
  parquet,
  tarShards,
} from "../layouts.js";
import type { PaperValues } from "../paper.js";
import type { LabeledTask, Splits } from "../task.js";

/** The usual way to use a set: fit to one part, score another. */
export const trainAndTest: Splits = { train: [["train"]], test: ["test"] };
/** The same with a part for choosing the regularization. */
export const withValidation: Splits = { ...trainAndTest, validation: ["validation"] };

interface ImageSet extends Omit<
  LabeledTask,
  "family" | "kind" | "inputs" | "layouts" | "otherMetrics" | "paper"
> {
  readonly paper: PaperValues;
  /** Official number of samples of the parts, among them "test". */
  readonly samples: Readonly<Record<string, number>> & { readonly test: number };
  /** The parts in the form of the official files. */
  readonly official: Readonly<Record<string, Omit<LabeledPart, "samples">>>;
  /** Other forms of the official files. */
  readonly otherLayouts?: readonly LabeledLayout[];
  /** Folder of each part in the layout of class folders; default: as the parts are named. */
  readonly partFolders?: Readonly<Record<string, string>>;
  /** Number of samples in class folders; default: the official ones. */
  readonly folderSamples?: Readonly<Record<string, number>>;
  /** Number of test samples in CLIP_benchmark's shards; default: the official one. */
  readonly shardTestSamples?: number;
  /** Default: columns image and label, splits as the parts are named. */
  readonly parquet?: Partial<ParquetLayout>;
}

/** A set of labeled images, for a linear probe (flava.md 8.4). */
export function imageSet(given: ImageSet): LabeledTask {
  const { paper, samples, official, otherLayouts = [], partFolders, ...others } = given;
  const { folderSamples = samples, shardTestSamples = samples.test, ...rest } = others;
  const { parquet: columns, ...task } = rest;
  const { classes, title } = task;
  const asNamed = Object.fromEntries(Object.keys(official).map((name) => [name, name]));
  const parts = Object.entries(official).map(([name, part]) => {
    const count = samples[name];
    return [name, { ...part, ...(count !== undefined && { samples: count }) }] as const;
  });
  const folders = partFolders ?? asNamed;
  const splits = { splits: asNamed, ...columns };
  return {
    ...task,
    family: "vision",
    kind: "linear probe",
    inputs: "image",
    layouts: [
      { name: "official files", parts: Object.fromEntries(parts) },
      ...otherLayouts,
      // Before class folders, as these are folders named train and test, too.
      tarShards(classes, shardTestSamples),
      parquet(classes, splits, samples),
      classFolders(classes, folders, folderSamples),
      ...(folders.validation === undefined ? [] : [joinedFolders(classes, folders, samples)]),
      ...(splits.splits.validation === undefined ? [] : [joinedParquet(classes, splits, samples)]),
    ],
    otherMetrics: ["mean per class"],
    paper: [{ title, metrics: ["accuracy"], values: paper }],
  };
}

type Counts = Readonly<Record<string, number>> & { readonly test: number };

/** The training part includes the validation part, or does not. */
const joinedSizes = ({ train, validation, test }: Counts) => ({
  ...(train !== undefined &&
    validation !== undefined && { train: [train, train + validation] as const }),
  test,
});

function joinedFolders(
  classes: readonly string[],
  { train = "train", test = "test" }: Readonly<Record<string, string>>,
  samples: Counts,
): LabeledLayout {
  const layout = classFolders(classes, { train, test }, joinedSizes(samples));
  return { ...layout, name: `${layout.name} without a validation part` };
}

function joinedParquet(
  classes: readonly string[],
  columns: ParquetLayout,
  samples: Counts,
): LabeledLayout {
  const { train = "train", test = "test" } = columns.splits;
  const splits = { train, test };
  const layout = parquet(classes, { ...columns, splits }, joinedSizes(samples));
  return { ...layout, name: `${layout.name} without a validation part` };
}
