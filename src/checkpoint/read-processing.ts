/** How a model's texts and images are prepared, from the files beside its weights. This file also loads in browsers. */
import { type ImageProcessor, viewShape } from "../data/image/processor.js";
import { processorFromConfig, toProcessorConfig } from "../data/image/processor-config.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import { tokenizerFromFiles } from "../data/text/tokenizer-config.js";
import { vocabularyText } from "../data/text/vocabulary.js";
import type { FlavaConfig } from "../model/config.js";
import { type JsonObject, parseObject } from "./files/json.js";
import { CheckpointError } from "./files/stored-tensor.js";

/** The directory of a model, wherever it is. */
export interface ModelDirectory {
  /** Its path or URL, without a slash at its end. */
  readonly path: string;
  /** The content of a file; undefined if there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
}

/** All files that are looked for. */
export const processingNames = [
  ...["vocab.txt", "tokenizer.json", "tokenizer_config.json"],
  ...["special_tokens_map.json", "added_tokens.json"],
  ...["processor_config.json", "preprocessor_config.json"],
] as const;
type ProcessingName = (typeof processingNames)[number];

async function readJson(
  directory: ModelDirectory,
  name: ProcessingName,
): Promise<JsonObject | undefined> {
  const bytes = await directory.read(name);
  return bytes && parseObject(`${directory.path}/${name}`, bytes);
}

/** The tokenizer that the files of a directory describe; undefined if it has no vocabulary. */
export async function tokenizerOf(directory: ModelDirectory): Promise<Tokenizer | undefined> {
  const [vocabulary, tokenizer, config, special, added] = await Promise.all([
    directory.read("vocab.txt"),
    readJson(directory, "tokenizer.json"),
    readJson(directory, "tokenizer_config.json"),
    readJson(directory, "special_tokens_map.json"),
    readJson(directory, "added_tokens.json"),
  ]);
  const { path } = directory;
  return tokenizerFromFiles({
    ...{ directory: path, tokenizer, config, special, added },
    vocabulary: vocabulary && vocabularyText(vocabulary, `${path}/vocab.txt`),
  });
}

/**
 * @param isDefault whether the tokenizer stands in for the model's own, and must have exactly as many pieces as the model embeddings
 * @throws CheckpointError if the vocabulary is not that of the model's word embeddings
 */
export function requireEmbeddings(
  { vocabulary }: Tokenizer,
  { text }: Pick<FlavaConfig, "text">,
  isDefault = false,
): void {
  const { length } = vocabulary.pieces;
  if (length <= text.vocabulary && !(isDefault && length < text.vocabulary)) return;
  throw new CheckpointError(
    `The model has ${text.vocabulary} word embeddings, but ${isDefault ? "BERT's uncased vocabulary" : "its vocabulary"} ` +
      `has ${length} pieces. Put the model's own vocab.txt or tokenizer.json beside its config.json.`,
  );
}

/**
 * The image processor of a directory, if it has one. Where two files describe one, processor_config.json is followed, as by
 * transformers 5; how preprocessor_config.json differs, which transformers 4 follows, goes to `warn`.
 */
export async function processorOf(
  directory: ModelDirectory,
  warn: (message: string) => void,
): Promise<ImageProcessor | undefined> {
  const [whole, own] = await Promise.all([
    readJson(directory, "processor_config.json"),
    readJson(directory, "preprocessor_config.json"),
  ]);
  const from = (json: unknown, name: ProcessingName): ImageProcessor =>
    processorFromConfig(json, `${directory.path}/${name}`);
  const other = own && from(own, "preprocessor_config.json");
  if (whole?.image_processor === undefined) return other;
  const followed = from(whole.image_processor, "processor_config.json");
  const differing = other ? differencesOf(followed, other) : [];
  if (differing.length > 0)
    warn(
      `preprocessor_config.json differs from processor_config.json, which is followed, in ${differing.join(", ")}. Delete the one ` +
        "that is not meant.",
    );
  return followed;
}

/** The keys of a preprocessor_config.json in which two image processors differ. */
function differencesOf(one: ImageProcessor, other: ImageProcessor): string[] {
  const others = toProcessorConfig(other);
  return Object.entries(toProcessorConfig(one)).flatMap(([key, value]) =>
    JSON.stringify(value) === JSON.stringify(others[key]) ? [] : [key],
  );
}

/** A line where images are of another size than the model's positions, which are then interpolated. */
export function describeInterpolation(
  { encoder }: ImageProcessor,
  { image: { size, patch } }: Pick<FlavaConfig, "image">,
): string | undefined {
  const [, height, width] = viewShape({ width: size, height: size }, encoder);
  const patches = (side: number): number => Math.floor(side / patch);
  if (patches(height) === patches(size) && patches(width) === patches(size)) return undefined;
  return (
    `Its image processor makes images of ${width} x ${height} pixels, but config.json says ${size} x ${size}: the positions of ` +
    "patches are interpolated."
  );
}
