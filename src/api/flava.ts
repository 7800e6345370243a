import { Embedder } from "../inference/embedder.js";
import { rowOf } from "../inference/similarity.js";
import {
  type Classification,
  type ClassifyOptions,
  Classifier,
  similarityScale,
} from "./classify.js";
import { type FillImageOptions, type FilledImage, ImageFiller } from "./fill-image.js";
import { type FillTextOptions, type FilledText, TextFiller } from "./fill-text.js";
import type { LoadedModel } from "./model.js";
import { type ImageInput, readImage } from "./image-input.js";

interface FlavaOptions {
  /** Images or texts that go through the model together, at most. */
  readonly batch?: number;
  readonly onWarning: (message: string) => void;
}

/** A text with [MASK] in it, and an image that it belongs to. */
export interface MaskedPair {
  readonly text: string;
  readonly image: ImageInput;
}

/** A model that is ready for use; `load` makes one. Calls may overlap; `close` ends it. */
export class Flava {
  /** For many images and texts at once, and for whoever needs the vectors in one piece. */
  readonly embedder: Embedder;
  readonly #classifier: Classifier;
  readonly #textFiller: TextFiller;
  readonly #imageFiller: ImageFiller;
  readonly #calls = new Set<Promise<unknown>>();
  #isOpen = true;

  /** @param model its backend belongs to this object from now on */
  constructor(
    readonly model: LoadedModel,
    { batch, onWarning }: FlavaOptions,
  ) {
    this.embedder = new Embedder({
      ...model,
      ...(batch !== undefined && { batch }),
      onTruncated: (text, tokens) => {
        const start = JSON.stringify(text.slice(0, 60));
        onWarning(`Only the first ${tokens} tokens of a text are read: ${start} ...`);
      },
    });
    this.#classifier = new Classifier(this.embedder);
    this.#textFiller = new TextFiller(model);
    this.#imageFiller = new ImageFiller(model);
  }

  /** Width of the vectors: D. */
  get width(): number {
    return this.embedder.width;
  }

  /**
   * A vector of length 1 for each image, [D] each; its dot product with that of a text tells how alike they are.
   *
   * @example
   * const [cat, dog] = await flava.embedImages(["cat.jpg", "dog.png"]);
   */
  embedImages(images: readonly ImageInput[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.#call(async () => {
      const vectors: Float32Array[] = [];
      for (let first = 0; first < images.length; first += imagesAtOnce) {
        const some = images.slice(first, first + imagesAtOnce);
        const decoded = await Promise.all(some.map(readImage));
        vectors.push(...this.#split(await this.embedder.images(decoded, signal)));
      }
      return vectors;
    });
  }

  /**
   * A vector of length 1 for each text, [D] each.
   *
   * @example
   * const [vector] = await flava.embedTexts(["a photo of a cat"]);
   */
  embedTexts(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.#call(async () => this.#split(await this.embedder.texts(texts, signal)));
  }

  /**
   * Which of the labels an image shows: all of them, the best first. No training is needed.
   *
   * @example
   * const [best] = await flava.classify("photo.jpg", ["cat", "dog"], { templates: ["a photo of a {}."] });
   * if (best) console.log(`${best.label}: ${(100 * best.probability).toFixed(1)} %`);
   */
  classify(
    image: ImageInput,
    labels: readonly string[],
    options: ClassifyOptions = {},
  ): Promise<Classification[]> {
    return this.#call(async () => {
      const vector = await this.embedder.images([await readImage(image)]);
      return this.#classifier.classify(vector, labels, similarityScale(this.model.state), options);
    });
  }

  /**
   * The probability that an image and a text belong together. It reads both at once, which tells more than their vectors.
   *
   * @example
   * console.log(await flava.match("photo.jpg", "two cats on a sofa"));
   */
  match(image: ImageInput, text: string): Promise<number> {
    return this.#call(async () => {
      const [probability] = await this.embedder.match([await readImage(image)], [text]);
      return probability!;
    });
  }

  /**
   * What may stand for each [MASK] of a text, alone or with the image that it belongs to.
   *
   * @example
   * const { text, masks } = await flava.fill("the capital of france is [MASK].");
   * const seen = await flava.fill({ image: "photo.jpg", text: "two [MASK] on a sofa" });
   */
  fill(input: string | MaskedPair, options: FillTextOptions = {}): Promise<FilledText> {
    return this.#call(async () => {
      if (typeof input === "string") return this.#textFiller.fill(input, undefined, options);
      return this.#textFiller.fill(input.text, await readImage(input.image), options);
    });
  }

  /**
   * Hides patches of an image and predicts what was there, as visual tokens, and as an image where the checkpoint has the
   * codebook's decoder.
   *
   * @example
   * const { image } = await flava.fillImage("photo.jpg", { seed: 1 });
   */
  fillImage(image: ImageInput, options: FillImageOptions = {}): Promise<FilledImage> {
    return this.#call(async () => this.#imageFiller.fill(await readImage(image), options));
  }

  /** Waits for the calls under way and frees all memory. The model cannot be used afterwards. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await Promise.allSettled(this.#calls);
    await this.embedder.close();
    await this.#textFiller.close();
    this.#imageFiller.close();
    this.model.state.dispose();
    this.model.backend.dispose();
  }

  /** Closes the model at the end of a block: `await using flava = await load();` */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Does the work of one call; `close` waits for it. */
  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.#isOpen) throw new Error("This model was closed; load it again to use it.");
    const result = work();
    this.#calls.add(result);
    return result.finally(() => this.#calls.delete(result));
  }

  #split(vectors: Float32Array): Float32Array[] {
    return Array.from({ length: vectors.length / this.width }, (_, row) =>
      rowOf(vectors, row, this.width),
    );
  }
}

/** Images that are decoded, and in memory, at a time. */
const imagesAtOnce = 16;
