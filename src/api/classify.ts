/** Pictures by names of classes, without training. */
import type { State } from "../backend/state.js";
import { embedClasses } from "../eval/prompts.js";
import type { Embedder } from "../model/embedder.js";

/** A class with how well it fits. */
export interface Classification {
  readonly label: string;
  /** Among the given labels: they sum to 1. */
  readonly probability: number;
  /** Cosine between the picture and the label's sentences, from -1 to 1. */
  readonly similarity: number;
}

export interface ClassifyOptions {
  /** Sentences around the labels, "{}" where a label goes. Their vectors are averaged. */
  readonly templates?: readonly string[];
}

const defaultTemplates = ["{}", "a picture of a {}", "a photo of a {}."];

/** Sets of labels whose vectors are kept for the next picture. */
const keptSets = 16;

export class Classifier {
  readonly #embedder: Embedder;
  readonly #kept = new Map<string, Promise<Float32Array>>();

  constructor(embedder: Embedder) {
    this.#embedder = embedder;
  }

  /**
   * All labels, the best first.
   *
   * @param image the vector of a picture, [D] at length 1
   * @param scale factor on similarities before the softmax
   */
  async classify(
    image: Float32Array,
    labels: readonly string[],
    scale: number,
    { templates = defaultTemplates }: ClassifyOptions = {},
  ): Promise<Classification[]> {
    if (labels.length === 0) {
      throw new RangeError(
        'A picture is classified among labels: give one or more, such as ["cat", "dog"].',
      );
    }
    const vectors = await this.#vectorsOf(labels, templates);
    const similarities = labels.map((_, index) => {
      const own = vectors.subarray(index * image.length, (index + 1) * image.length);
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

  #vectorsOf(labels: readonly string[], templates: readonly string[]): Promise<Float32Array> {
    const name = JSON.stringify([labels, templates]);
    const embed = (texts: readonly string[]): Promise<Float32Array> => this.#embedder.texts(texts);
    const vectors =
      this.#kept.get(name) ?? embedClasses(labels, templates, this.#embedder.width, embed);
    this.#kept.delete(name);
    this.#kept.set(name, vectors);
    vectors.catch(() => this.#kept.delete(name));
    for (const [oldest] of this.#kept) if (this.#kept.size > keptSets) this.#kept.delete(oldest);
    return vectors;
  }
}

/** The factor on similarities that training found (reference 1.6): from 1 to 100. */
export function similarityScale(state: State): number {
  const [logarithm = 0] = state.read("parameters/flava/logitScale");
  return Math.exp(Math.min(Math.max(logarithm, 0), 4.6052));
}
