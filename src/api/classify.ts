/** Zero-shot classification of images by labels. */
import type { State } from "../backend/state.js";
import { LruCache } from "../base/lru-cache.js";
import { isBlank } from "../data/text/blank.js";
import { embedClasses } from "../inference/prompts.js";
import { rowOf } from "../inference/similarity.js";
import { logitScaleBounds } from "../model/logit-scale.js";

/** A label and how well it fits an image. */
export interface Classification {
  /** The label, as it was given. */
  readonly label: string;
  /** Probability; those of all given labels sum to 1. */
  readonly probability: number;
  /** Cosine similarity of the image and the label's prompts, from -1 to 1. */
  readonly similarity: number;
}

/** How labels become prompts. */
export interface ClassifyOptions {
  /**
   * Prompts with "{}" for the label; their embeddings are averaged. Default: "{}", "a picture of a {}" and
   * "a photo of a {}.".
   */
  readonly templates?: readonly string[];
}

const defaultTemplates = ["{}", "a picture of a {}", "a photo of a {}."];

/** Number of label sets whose embeddings are cached. */
const keptSets = 16;

/** How a classifier embeds prompts: N texts to [N, D], L2-normalized. */
export type EmbedPrompts = (texts: readonly string[]) => Promise<Float32Array>;

export class Classifier {
  readonly #vectors = new LruCache<string, Float32Array>(keptSets);

  /** @param width of the embeddings: D */
  constructor(private readonly width: number) {}

  /**
   * Ranks all labels for each image, best first.
   *
   * @param images image embeddings, [D] each, L2-normalized
   * @param scale factor for similarities before the softmax
   * @param embed called for labels whose embeddings are not cached
   * @throws RangeError if there is no label, one is blank, or two are equal
   */
  async classify(
    images: readonly Float32Array[],
    labels: readonly string[],
    scale: number,
    embed: EmbedPrompts,
    { templates = defaultTemplates }: ClassifyOptions = {},
  ): Promise<Classification[][]> {
    requireLabels(labels);
    const vectors = await this.#vectorsOf(labels, templates, embed);
    return images.map((image) => ranked(image, labels, vectors, scale));
  }

  async #vectorsOf(
    labels: readonly string[],
    templates: readonly string[],
    embed: EmbedPrompts,
  ): Promise<Float32Array> {
    const name = JSON.stringify([labels, templates]);
    const kept = this.#vectors.get(name);
    if (kept) return kept;
    const vectors = await embedClasses(labels, templates, this.width, embed);
    this.#vectors.set(name, vectors);
    return vectors;
  }
}

/** @throws RangeError if there is no label, one is blank, or two are equal */
export function requireLabels(labels: readonly string[]): void {
  if (labels.length === 0 || labels.some(isBlank)) {
    throw new RangeError(
      `Expected one or more labels to classify images by, such as ["cat", "dog"], but ${labels.length === 0 ? "there is none" : "one is blank"}.`,
    );
  }
  const [again, before] = repeatedLabel(labels) ?? [];
  if (again === undefined) return;
  throw new RangeError(
    `Expected each label once, but labels ${before! + 1} and ${again + 1} are both ${JSON.stringify(labels[again])}.`,
  );
}

/** The place of a label that was given before, and where that was; undefined if all differ. */
export function repeatedLabel(
  labels: readonly string[],
): readonly [again: number, before: number] | undefined {
  const places = new Map<string, number>();
  for (const [place, label] of labels.entries()) {
    const before = places.get(label);
    if (before !== undefined) return [place, before];
    places.set(label, place);
  }
  return undefined;
}

/** @param vectors L2-normalized label embeddings, [labels, D] */
function ranked(
  image: Float32Array,
  labels: readonly string[],
  vectors: Float32Array,
  scale: number,
): Classification[] {
  const similarities = labels.map((_, index) => {
    const own = rowOf(vectors, index, image.length);
    return own.reduce((sum, value, i) => sum + value * image[i]!, 0);
  });
  const greatest = Math.max(...similarities);
  const weights = similarities.map((similarity) => Math.exp(scale * (similarity - greatest)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return labels
    .map((label, index) => ({
      label,
      probability: weights[index]! / total,
      similarity: similarities[index]!,
    }))
    .sort((a, b) => b.similarity - a.similarity);
}

/** The learned scale of similarities (flava.md 1.6), from 1 to 100. */
export async function similarityScale(state: State): Promise<number> {
  const [logarithm = 0] = await state.read("parameters/flava/logitScale");
  const [least, most] = logitScaleBounds;
  return Math.exp(Math.min(Math.max(logarithm, least), most));
}
