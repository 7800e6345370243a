/** What a task of FLAVA's evaluation is: its files, splits, metrics, classes and the paper's numbers (flava.md 7). */
import type { Source } from "../../data/formats/source.js";
import type { LabeledSource } from "../../data/labeled-source.js";
import type { MetricName } from "./metric-name.js";
import type { PaperRow } from "./paper.js";

/** The families of tasks that the paper averages over. */
export type Family = "language" | "vision" | "multimodal";

/** Where a way to split a set is defined: FLAVA's paper, CLIP's, or the scripts of VISSL. */
export type ProtocolName = "paper" | "clip" | "vissl";

/** Which parts of a set are used for what. */
export interface Splits {
  /**
   * Lists of parts to train on; the parts of one list are joined. With several lists, such as STL10's folds, each is
   * trained on alone and the scores are averaged. Empty for zero-shot tasks.
   */
  readonly train: readonly (readonly string[])[];
  /**
   * Parts for choosing settings, before all is fitted to training and validation parts. Without them, or in a layout whose
   * training part includes them, samples are held out of the training parts.
   */
  readonly validation?: readonly string[];
  /**
   * Whether the best fine-tuned model is chosen by the parts that are scored, as is usual where test labels are secret; by
   * default samples for this are held out of the training parts.
   */
  readonly chosenByTest?: true;
  /** Parts to score; with several, such as MNLI's two, the scores are averaged. */
  readonly test: readonly string[];
  /** What is not official or not known about this protocol, in a sentence. */
  readonly note?: string;
}

/** A part of a set, such as "train", in one layout. */
export interface Part<Samples> {
  /**
   * What must be there: paths relative to the task's folder. "*" in the last component stands for any characters, and " or "
   * separates paths of which one suffices.
   */
  readonly files: readonly string[];
  /** Official number of samples, if known for this layout; several where a part may include another one or not. */
  readonly samples?: number | readonly number[];
  /**
   * Opens the part.
   * @param folder the task's folder
   * @throws SourceError if a file is missing or damaged; the message names it
   */
  open(folder: string): Promise<Samples>;
}

/** A form in which the files of a set are distributed. */
export interface Layout<Samples> {
  /** Such as "official files" or "Parquet of Hugging Face". */
  readonly name: string;
  /** The parts by name, such as "train" and "test". */
  readonly parts: Readonly<Record<string, Part<Samples>>>;
}

/** What all tasks have. */
export interface AnyTask<Samples> {
  /** Unique: the name of the task's folder in the data directory, such as "food101". */
  readonly name: string;
  /** As the paper writes it: "Food101". */
  readonly title: string;
  /** Other accepted names of the folder, such as torchvision's "food-101". */
  readonly folders?: readonly string[];
  /** Which of the paper's averages it belongs to. */
  readonly family: Family;
  /** Who distributes the files, and under which names. */
  readonly origin: string;
  /** Size of the official files in gigabytes, roughly. */
  readonly gigabytes: number;
  /** Accepted layouts, the official one first. */
  readonly layouts: readonly Layout<Samples>[];
  /** The first one is the default. */
  readonly protocols: Readonly<Partial<Record<ProtocolName, Splits>>>;
  /** Metrics that are reported besides those of the paper. */
  readonly otherMetrics?: readonly MetricName[];
  /** The rows of the paper's Table 4; several for retrieval. */
  readonly paper: readonly PaperRow[];
}

/** Samples have targets: classes out of `classes`, scores of answers, or values. */
export interface LabeledTask extends AnyTask<LabeledSource> {
  readonly kind: "linear probe" | "fine-tuning";
  /** What samples consist of. */
  readonly inputs: "image" | "text" | "text pair" | "image and text";
  /** Names of the classes, which are the labels of targets, in the order of the set's indices; empty for values and answers. */
  readonly classes: readonly string[];
  /**
   * The answers that a model chooses among, if targets are scores of answers; found in the files of the task's folder.
   * @throws SourceError if a file is missing or damaged
   */
  answers?(folder: string): Promise<readonly string[]>;
  /** The recipe of fine-tuning; default: the one of the task's name. */
  readonly recipe?: string;
  /** Prompts for zero-shot classification, with "{}" for the class name. */
  readonly templates?: readonly string[];
}

/** Samples have an image and all its captions. */
export interface RetrievalTask extends AnyTask<Source> {
  readonly kind: "zero-shot retrieval";
}

/** A task of a suite: labeled samples, or images with captions. */
export type Task = LabeledTask | RetrievalTask;
