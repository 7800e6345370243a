/** The forms of the mini-PMD's evaluation sets: tar shards of images, with tables beside them. */
import { join } from "node:path";
import { type ImageText, imageTexts } from "../../../data/formats/labeled/image-texts.js";
import { imagesInShards, labeledShards } from "../../../data/formats/labeled/labeled-shards.js";
import { type TextRows, tabSeparatedTexts } from "../../../data/formats/labeled/text-rows.js";
import { vqaQuestions } from "../../../data/formats/labeled/vqa.js";
import { openSource } from "../../../data/formats/open.js";
import type { Source } from "../../../data/formats/source.js";
import { softAnswers } from "../../metrics/vqa-accuracy.js";
import type { LabeledLayout, LabeledPart } from "../layouts.js";
import type { Layout } from "../task.js";

const name = "flava data build";

const withParts = (
  parts: readonly string[],
  part: (name: string) => LabeledPart,
): LabeledLayout => ({
  name,
  parts: Object.fromEntries(parts.map((each) => [each, part(each)])),
});

/** Shards of labeled images for each part. */
export const labeledImageLayout = (classes: readonly string[]): LabeledLayout =>
  withParts(["train", "test"], (part) => ({
    files: ["classes.json", `${part}/shards.json`],
    open: (folder) => labeledShards(join(folder, part), classes),
  }));

/** A tab-separated table for each part. */
export const textLayout = (rows: TextRows): LabeledLayout =>
  withParts(["train", "dev", "test"], (part) => ({
    files: ["README.json", `${part}.tsv`],
    open: (folder) => tabSeparatedTexts(join(folder, `${part}.tsv`), rows),
  }));

/** Lines of JSON about images in shards, for each part. */
export const imageTextLayout = (
  parts: readonly string[],
  interpret: (row: Readonly<Record<string, unknown>>) => ImageText,
  classes: readonly string[],
): LabeledLayout =>
  withParts(parts, (part) => ({
    files: [`${part}.jsonl`, `${part}/shards.json`],
    open: async (folder) => {
      const find = await imagesInShards(join(folder, part));
      return imageTexts(join(folder, `${part}.jsonl`), find, interpret, classes);
    },
  }));

/** VQA's two files about images in shards, for each part. */
export const questionLayout = (): LabeledLayout =>
  withParts(["train", "test"], (part) => ({
    files: [`questions-${part}.json`, `annotations-${part}.json`, `${part}/shards.json`],
    open: async (folder) =>
      vqaQuestions(
        {
          questions: join(folder, `questions-${part}.json`),
          annotations: join(folder, `annotations-${part}.json`),
          find: await imagesInShards(join(folder, part)),
          nameOf: (image) => String(image).padStart(12, "0"),
        },
        softAnswers,
      ),
  }));

/** A layout of which no part can be opened, for the given reason. */
export const unusableLayout = ({ parts }: LabeledLayout, reason: Error): LabeledLayout =>
  withParts(Object.keys(parts), (part) => ({
    files: parts[part]!.files,
    open: () => Promise.reject(reason),
  }));

/** Shards of images with captions. */
export const captionLayout: Layout<Source> = {
  name,
  parts: { test: { files: ["shards.json"], open: (folder) => openSource(folder) } },
};
