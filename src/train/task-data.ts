/** The task and the batches that a recipe of fine-tuning makes of labeled samples. */
import { listed } from "../base/counted.js";
import type { Model } from "../checkpoint/model.js";
import type { FinetuningRecipe } from "../configs/finetuning-recipe.js";
import { withImageSize } from "../data/image/fitted-processor.js";
import { viewShape } from "../data/image/processor.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import type { TaskSizes } from "../data/labeled/labeled-batch.js";
import type { LabeledReaderOptions } from "../data/labeled/labeled-reader.js";
import type { SampleColumns } from "../data/labeled/labeled-row.js";
import { type Labels, LabelsError, labelsOf } from "../data/labeled/labels.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import { TruncatedTexts } from "../inference/truncated-texts.js";
import type { FlavaConfig } from "../model/config.js";
import type { Task } from "../model/task.js";
import type { ResolvedRecipe } from "./resolved-recipe.js";

/** What is learned from. */
interface LearnedSamples {
  readonly train: readonly LabeledSample[];
  /** The classes or answers in their order; default: those that the samples have. */
  readonly labels?: readonly string[] | undefined;
}

/**
 * The task that a recipe makes of labeled samples.
 * @throws LabelsError if there is nothing to learn
 */
export function taskOf(
  recipe: FinetuningRecipe,
  { train, labels }: LearnedSamples,
  columns: SampleColumns,
  { text }: Pick<FlavaConfig, "text">,
): Task {
  const { encoder, target, leastSamples, hidden, imageSize, lengths } = recipe;
  const maximumTokens = Math.min(lengths.at(-1)!, text.positions);
  return {
    encoder,
    labels: inOrder(labelsOf(target, train, leastSamples), labels),
    pairs: encoder !== "image" && train.some(({ textPair }) => textPair !== undefined),
    maximumTokens,
    columns,
    ...(hidden !== undefined && { hidden }),
    ...(imageSize !== undefined && encoder !== "text" && { imageSize }),
  };
}

/** @throws LabelsError if a class that was found is none of `names` */
function inOrder(found: Labels, names: readonly string[] | undefined): Labels {
  if (names === undefined || found.kind === "value") return found;
  const known = new Set(names);
  const unknown = found.kind === "class" && found.names.find((name) => !known.has(name));
  if (typeof unknown !== "string") return { kind: found.kind, names };
  throw new LabelsError(
    `A sample has the label ${JSON.stringify(unknown)}, which is none of ${listed(names, 10)}.`,
  );
}

/** How samples become batches, the sizes of the largest batch, and a line on texts that are read in part, if there are any. */
export function batchesOf(
  { encoder, labels, pairs, maximumTokens, imageSize }: Task,
  { tokenizer, processor }: Pick<Model, "tokenizer" | "processor">,
  { batch, lengths, views }: ResolvedRecipe,
  samples: readonly LabeledSample[],
): {
  readonly reader: LabeledReaderOptions;
  readonly largest: TaskSizes;
  readonly truncated: string | undefined;
} {
  const sized = imageSize === undefined ? processor : withImageSize(processor, imageSize);
  const { needed, truncated } = tokensOf(samples, tokenizer, maximumTokens);
  const enough = lengths.findIndex((length) => length >= needed);
  const used = lengths.slice(0, enough + 1).map((length) => Math.min(length, maximumTokens));
  const texts = {
    vocabulary: tokenizer.vocabulary,
    settings: tokenizer.settings,
    lengths: used,
    pairs,
  };
  return {
    reader: {
      labels,
      ...(encoder !== "image" && { texts }),
      ...(encoder !== "text" && { images: { processor: sized, ...(views && { views }) } }),
    },
    largest: {
      samples: batch,
      ...(encoder !== "image" && { length: used.at(-1)!, pairs }),
      ...(encoder !== "text" && { pixels: viewShape({ width: 1, height: 1 }, sized.encoder) }),
    },
    truncated,
  };
}

/** Tokens of the longest text, `maximum` at most, and a line on those that have more. */
export function tokensOf(
  samples: readonly LabeledSample[],
  tokenizer: Tokenizer,
  maximum: number,
): { readonly needed: number; readonly truncated: string | undefined } {
  // A token but the special ones has one character or more, accents and parts of syllables counted.
  const boundOf = ({ text = "", textPair = "" }: LabeledSample): number =>
    text.normalize("NFD").length + textPair.normalize("NFD").length + 3;
  const bounded = samples.map((sample) => ({ sample, bound: boundOf(sample) }));
  const truncated = new TruncatedTexts();
  let needed = 1;
  for (const { sample, bound } of bounded.sort((a, b) => b.bound - a.bound)) {
    if (bound <= needed) break;
    const { text = "", textPair } = sample;
    const encoded = tokenizer.encodePair(text, textPair, maximum);
    needed = Math.max(needed, encoded.ids.length);
    if (encoded.truncated) truncated.add(text, maximum);
  }
  return { needed, truncated: truncated.takeSummary() };
}
