import type { Classification, ClassifyOptions } from "../api/classify.js";
import type { FilledImage } from "../api/fill-image.js";
import type { FilledText } from "../api/fill-text.js";
import type { Flava } from "../api/flava.js";
import { decodeImage } from "../data/image/decode.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import { unusable } from "./http/api-error.js";
import type { ModelDescription } from "./schemas/models.js";

/** The bytes of an image, and the field it is in. */
export interface ImageItem {
  readonly image: Uint8Array;
  readonly param: string;
}

/** A text or its token ids, and the field it is in. */
export interface TextItem {
  readonly text: string | Int32Array;
  readonly param: string;
  /** Whether it is cut if it is too long, instead of refused. */
  readonly truncate: boolean;
}

export type EmbeddingItem = ImageItem | TextItem;

export interface PairItem extends TextItem {
  readonly text: string;
  readonly image: Uint8Array;
  readonly imageParam: string;
}

export interface FillItem {
  readonly text: string;
  readonly param: string;
  readonly image?: Uint8Array;
  readonly top: number;
}

export interface FillImageItem {
  readonly image: Uint8Array;
  readonly hidden?: readonly number[];
  readonly seed: number;
}

/** An embedding [D], and how many tokens or patches were read for it. */
export interface EmbeddedItem {
  readonly vector: Float32Array;
  readonly tokens: number;
}

interface Options {
  readonly signal: AbortSignal;
}

/** A loaded model under the name that clients call it by. */
export class ServedModel {
  readonly #loaded = Date.now();

  constructor(
    readonly name: string,
    readonly flava: Flava,
  ) {}

  get description(): ModelDescription {
    const { config, state } = this.flava.model;
    const { heads, codebook, head } = state.specs.parameters;
    const side = config.image.size / config.image.patch;
    return {
      id: this.name,
      object: "model",
      created: Math.floor(this.#loaded / 1000),
      owned_by: "flava",
      dimensions: this.flava.width,
      max_tokens: this.#longestText,
      patches: { width: side, height: side },
      endpoints: [
        ...["embeddings", "classify"],
        ...(heads ? ["match", "fill"] : []),
        ...(heads && codebook ? ["fill/image"] : []),
        ...(head ? ["predict"] : []),
      ],
    };
  }

  /** The embeddings of images and texts, in order. */
  embed(items: readonly EmbeddingItem[], { signal }: Options): Promise<EmbeddedItem[]> {
    return Promise.all(
      items.map(async (item) => {
        if ("image" in item) {
          const image = await decoded(item.image, item.param);
          const { width, height } = this.description.patches;
          const vector = await this.flava.embedImages(image, { signal });
          return { vector, tokens: 1 + width * height };
        }
        const ids = this.#encode(item);
        return { vector: await this.flava.embedder.texts([ids], { signal }), tokens: ids.length };
      }),
    );
  }

  /** All labels for each image, best first. */
  async classify(
    items: readonly ImageItem[],
    labels: readonly string[],
    options: ClassifyOptions & Options,
  ): Promise<Classification[][]> {
    const images = await Promise.all(items.map(({ image, param }) => decoded(image, param)));
    return this.flava.classify(images, labels, options);
  }

  /** The probability that each image and text belong together. */
  async match(pairs: readonly PairItem[], { signal }: Options): Promise<number[]> {
    for (const pair of pairs) this.#encode(pair);
    const images = await Promise.all(
      pairs.map(({ image, imageParam }) => decoded(image, imageParam)),
    );
    const texts = pairs.map(({ text }) => text);
    return this.flava.match(images, texts, { signal });
  }

  /** Each text with its masks filled. */
  fill(items: readonly FillItem[], { signal }: Options): Promise<FilledText[]> {
    return Promise.all(
      items.map(async ({ text, param, image, top }) => {
        const input = image ? { text, image: await decoded(image, "image") } : text;
        return this.flava.fill(input, { top, signal }).catch((error: unknown) => {
          throw error instanceof RangeError ? unusable(param, error.message, error) : error;
        });
      }),
    );
  }

  /** What the model thinks is behind the hidden patches, given by their numbers. */
  async fillImage(
    { image, hidden, seed }: FillImageItem,
    { signal }: Options,
  ): Promise<FilledImage> {
    return this.flava.fillImage(await decoded(image, "image"), {
      ...(hidden && { hidden: this.#maskOf(hidden) }),
      seed,
      signal,
    });
  }

  get #longestText(): number {
    const { config, tokenizer } = this.flava.model;
    return tokenizer.longest(config.text.positions);
  }

  /** The ids of a text, from [CLS] to [SEP]. */
  #encode({ text, param, truncate }: TextItem): Int32Array {
    const { tokenizer } = this.flava.model;
    const longest = this.#longestText;
    const ids =
      typeof text === "string"
        ? tokenizer.encode(text, { maximum: longest + 1 })
        : this.#checked(text, param);
    if (ids.length <= longest) return ids;
    if (truncate)
      return Int32Array.of(...ids.slice(0, longest - 1), tokenizer.vocabulary.special.separator);
    throw unusable(
      param,
      `the text has more than the ${longest} tokens that ${this.name} reads. Send a shorter text, or "truncate": true.`,
    );
  }

  /** Token ids from [CLS] to [SEP], which are added where they are missing. */
  #checked(ids: Int32Array, param: string): Int32Array {
    const { pieces, special } = this.flava.model.tokenizer.vocabulary;
    const wrong = ids.findIndex((id) => id >= pieces.length);
    if (wrong >= 0) {
      throw unusable(
        param,
        `there is no token ${ids[wrong]}: ${this.name} has tokens from 0 to ${pieces.length - 1}.`,
      );
    }
    if (ids[0] === special.classification) return ids;
    return Int32Array.of(special.classification, ...ids, special.separator);
  }

  #maskOf(hidden: readonly number[]): Uint8Array {
    const { width, height } = this.description.patches;
    const mask = new Uint8Array(width * height);
    for (const [index, patch] of hidden.entries()) {
      if (patch >= mask.length) {
        throw unusable(
          `hidden[${index}]`,
          `there is no patch ${patch}: images have ${width} x ${height} patches, numbered from 0 to ${mask.length - 1}.`,
        );
      }
      mask[patch] = 1;
    }
    return mask;
  }
}

async function decoded(bytes: Uint8Array, param: string): Promise<Image> {
  try {
    return await decodeImage(bytes);
  } catch (error) {
    throw error instanceof ImageError ? unusable(param, error.message, error) : error;
  }
}
