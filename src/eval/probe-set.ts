/** Linear probes on any two sets of labeled images. */
import { basename, join, resolve } from "node:path";
import { isDirectory } from "../base/exists.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { openSource } from "../data/formats/open.js";
import type { Source, SourceOptions } from "../data/formats/source.js";
import { classFolders, hasImages } from "./class-folders.js";
import { EvaluationSetError, type LinearProbeSet } from "./evaluation-set.js";

/** Where labeled images are: one path for each part, as `openSource` takes it. */
export interface ProbePaths {
  /** What the probe is fitted to. */
  readonly train: string;
  /** What the probe is scored on. */
  readonly test: string;
  /** Default: a fifth of the training images, chosen at random. */
  readonly validation?: string;
}

/**
 * Opens labeled images to fit and to score a linear probe, in any format that `openSource` supports. The classes are the
 * labels of the training images, in alphabetical order.
 * @throws EvaluationSetError if the training images have fewer than two labels
 */
export async function openProbeSet(
  { train: trainPath, test, validation }: ProbePaths,
  options: SourceOptions = {},
): Promise<LinearProbeSet> {
  const train = await openSource(trainPath, options);
  const labels = await labelsOf(train, trainPath);
  if (labels.length < 2) {
    const found =
      labels.length === 0 ? "no labels" : `the single label ${JSON.stringify(labels[0])}`;
    throw new EvaluationSetError(
      `A probe tells classes apart, but ${trainPath} has ${found}. Put images in one folder per class, or name the column of ` +
        "labels with --label-column.",
    );
  }
  return {
    kind: "linear probe",
    name: basename(resolve(test)),
    classes: labels,
    labels,
    namedBy: "labels",
    train,
    ...(validation !== undefined && { validation: await openSource(validation, options) }),
    source: await openSource(test, options),
  };
}

/** The distinct labels: the names of folders if these are the labels, so that nothing else is read. */
async function labelsOf(source: Source, path: string): Promise<string[]> {
  const folders = (await isDirectory(path)) ? await classFolders(path) : [];
  const names = new Set<string>();
  for (const { label } of folders) if (await hasImages(join(path, label))) names.add(label);
  const found = new Set<string>();
  for await (const { label } of source.read(new SkippedSamples())) {
    if (label === undefined) continue;
    if (found.size === 0 && names.has(label)) return [...names].sort();
    found.add(label);
  }
  return [...found].sort();
}
