import { join } from "node:path";
import { cifarBinaries, cifarPickles } from "../../../data/formats/raw/cifar.js";
import type { LabeledLayout, LabeledPart } from "../layouts.js";

/** CLIP's prompts for CIFAR-10 and CIFAR-100. */
export const cifarTemplates: readonly string[] = ["a", "the"].flatMap((article) => [
  `a photo of ${article} {}.`,
  ...["blurry", "black and white", "low contrast", "high contrast", "bad", "good"].map(
    (kind) => `a ${kind} photo of ${article} {}.`,
  ),
  `a photo of ${article} small {}.`,
  `a photo of ${article} big {}.`,
]);

/** A part of pickled batches. */
export function picklePart(
  files: readonly string[],
  labels: "labels" | "fine_labels",
  classes: readonly string[],
): LabeledPart {
  const open: LabeledPart["open"] = (folder) =>
    cifarPickles(
      files.map((file) => join(folder, file)),
      labels,
      classes,
    );
  return { files, open };
}

/** The same images in the binary version of the files. */
export function binaryLayout(
  parts: Readonly<Record<"train" | "test", readonly string[]>>,
  numbers: 1 | 2,
  classes: readonly string[],
): LabeledLayout {
  const part = (files: readonly string[], samples: number): LabeledPart => ({
    files,
    samples,
    open: (folder) =>
      cifarBinaries(
        files.map((file) => join(folder, file)),
        numbers,
        classes,
      ),
  });
  return {
    name: "binary files",
    parts: { train: part(parts.train, 50_000), test: part(parts.test, 10_000) },
  };
}
