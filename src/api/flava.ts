import { Embedder } from "../inference/embedder.js";
import { rowOf } from "../inference/similarity.js";
import {
  type Classification,
  type ClassifyOptions,
  Classifier,
  similarityScale,
} from "./classify.js";
import { type FillPictureOptions, type FilledPicture, PictureFiller } from "./fill-image.js";
import { type FillTextOptions, type FilledText, TextFiller } from "./fill-text.js";
import type { LoadedModel } from "./model.js";
import { type PictureInput, readPicture } from "./image-input.js";

interface FlavaOptions {
  /** Pictures or texts that go through the model together, at most. */
  readonly batch?: number;
  readonly onWarning: (message: string) => void;
}

/** A text with [MASK] in it, and a picture that it belongs to. */
export interface MaskedPair {
  readonly text: string;
  readonly image: PictureInput;
}

/** A model that is ready for use; `load` makes one. Calls may overlap; `close` ends it. */
export class Flava {
  /** For many pictures and texts at once, and for whoever needs the vectors in one piece. */
  readonly embedder: Embedder;
  readonly #classifier: Classifier;
  readonly #textFiller: TextFiller;
  readonly #pictureFiller: PictureFiller;
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
    this.#pictureFiller = new PictureFiller(model);
  }

  /** Width of the vectors: D. */
  get width(): number {
    return this.embedder.width;
  }

  /**
   * A vector of length 1 for each picture, [D] each; its dot product with that of a text tells how alike they are.
   *
   * @example
   * const [cat, dog] = await flava.embedImages(["cat.jpg", "dog.png"]);
   */
  embedImages(pictures: readonly PictureInput[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.#call(async () => {
      const vectors: Float32Array[] = [];
      for (let first = 0; first < pictures.length; first += picturesAtOnce) {
        const some = pictures.slice(first, first + picturesAtOnce);
        const decoded = await Promise.all(some.map(readPicture));
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
   * Which of the labels a picture shows: all of them, the best first. No training is needed.
   *
   * @example
   * const [best] = await flava.classify("photo.jpg", ["cat", "dog"], { templates: ["a photo of a {}."] });
   * console.log(`${best.label}: ${(100 * best.probability).toFixed(1)} %`);
   */
  classify(
    picture: PictureInput,
    labels: readonly string[],
    options: ClassifyOptions = {},
  ): Promise<Classification[]> {
    return this.#call(async () => {
      const image = await this.embedder.images([await readPicture(picture)]);
      return this.#classifier.classify(image, labels, similarityScale(this.model.state), options);
    });
  }

  /**
   * The probability that a picture and a text belong together. It reads both at once, which tells more than their vectors.
   *
   * @example
   * console.log(await flava.match("photo.jpg", "two cats on a sofa"));
   */
  match(picture: PictureInput, text: string): Promise<number> {
    return this.#call(async () => {
      const [probability] = await this.embedder.match([await readPicture(picture)], [text]);
      return probability!;
    });
  }

  /**
   * What may stand for each [MASK] of a text, alone or with the picture that it belongs to.
   *
   * @example
   * const { text, masks } = await flava.fill("the capital of france is [MASK].");
   * const seen = await flava.fill({ image: "photo.jpg", text: "two [MASK] on a sofa" });
   */
  fill(input: string | MaskedPair, options: FillTextOptions = {}): Promise<FilledText> {
    return this.#call(async () => {
      if (typeof input === "string") return this.#textFiller.fill(input, undefined, options);
      return this.#textFiller.fill(input.text, await readPicture(input.image), options);
    });
  }

  /**
   * Hides patches of a picture and predicts what was there, as visual tokens, and as a picture where the checkpoint has the
   * codebook's decoder.
   *
   * @example
   * const { picture } = await flava.fillPicture("photo.jpg", { seed: 1 });
   */
  fillPicture(picture: PictureInput, options: FillPictureOptions = {}): Promise<FilledPicture> {
    return this.#call(async () => this.#pictureFiller.fill(await readPicture(picture), options));
  }

  /** Waits for the calls under way and frees all memory. The model cannot be used afterwards. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await Promise.allSettled(this.#calls);
    await this.embedder.close();
    await this.#textFiller.close();
    this.#pictureFiller.close();
    this.model.state.dispose();
    this.model.backend.dispose();
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

/** Pictures that are decoded, and in memory, at a time. */
const picturesAtOnce = 16;
