import {
  type Classification,
  Classifier,
  type ClassifyOptions,
  similarityScale,
} from "../api/classify.js";
import type { Backend } from "../backend/backend.js";
import type { State } from "../backend/state.js";
import { type ModelFiles, modelFiles } from "../checkpoint/model-files.js";
import type { ModelParameters } from "../checkpoint/model.js";
import type { ImageProcessor } from "../data/image/processor.js";
import { requireTexts } from "../data/text/blank.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import { Embedder } from "../inference/embedder.js";
import { rowOf } from "../inference/similarity.js";
import { TruncatedTexts } from "../inference/truncated-texts.js";
import type { FlavaConfig } from "../model/config.js";
import type { Parameter } from "../nn/parameter.js";
import { modelFingerprint } from "../search/model-fingerprint.js";
import { type BrowserImage, toImage } from "./image.js";

/** A loaded model. */
export interface LoadedModel {
  readonly config: FlavaConfig;
  readonly state: State<{ readonly parameters: ModelParameters<Parameter> }>;
  readonly tokenizer: Tokenizer;
  readonly processor: ImageProcessor;
  readonly backend: Backend;
}

export const warn = (message: string): void => console.warn(`flava: ${message}`);

/**
 * FLAVA in a browser; `load` makes it. Where the page is not cross-origin isolated, computing on WebAssembly keeps the calling
 * thread busy: use it in a worker.
 */
export class Flava {
  readonly #model: LoadedModel;
  readonly #embedder: Embedder;
  readonly #classifier: Classifier;
  readonly #truncated = new TruncatedTexts();
  readonly #onWarning: (message: string) => void;

  constructor(model: LoadedModel, onWarning = warn) {
    this.#model = model;
    this.#onWarning = onWarning;
    this.#embedder = new Embedder({
      ...model,
      onTruncated: (text, tokens) => this.#truncated.add(text, tokens),
    });
    this.#classifier = new Classifier(model.config.projection);
  }

  /** What computes: "webgpu" or "wasm". */
  get backend(): Backend["name"] {
    return this.#model.backend.name;
  }

  /** Threads that compute: on WebAssembly in a page that is cross-origin isolated one per core, else one. */
  get threads(): number {
    return this.#model.backend.threads;
  }

  /**
   * Unit-length embeddings of images in the space of texts: float32 [D] each; their dot products are cosine similarities.
   */
  async embedImages(images: readonly BrowserImage[]): Promise<Float32Array[]> {
    const vectors = await this.#embedder.images(images.map(toImage));
    return images.map((_, index) => rowOf(vectors, index, this.#embedder.width).slice());
  }

  /**
   * Unit-length embeddings of texts in the space of images: float32 [D] each. Texts longer than the model's positions are
   * truncated with a warning, here and in all methods.
   * @throws RangeError if a text is blank
   */
  async embedTexts(texts: readonly string[]): Promise<Float32Array[]> {
    requireTexts(texts);
    const vectors = await this.#read(() => this.#embedder.texts(texts));
    return texts.map((_, index) => rowOf(vectors, index, this.#embedder.width).slice());
  }

  /**
   * Ranks all labels for an image, best first.
   * @throws RangeError if there is no label, one is empty, or two are equal
   */
  async classify(
    image: BrowserImage,
    labels: readonly string[],
    options: ClassifyOptions = {},
  ): Promise<Classification[]> {
    const images = await this.embedImages([image]);
    const scale = await similarityScale(this.#model.state);
    const embed = (texts: readonly string[]): Promise<Float32Array> => this.#embedder.texts(texts);
    const [found] = await this.#read(() =>
      this.#classifier.classify(images, labels, scale, embed, options),
    );
    return found!;
  }

  /**
   * The probability that an image and a text belong together, from 0 to 1.
   * @throws RangeError if the text is blank
   * @throws Error if the model has no matching head
   */
  async match(image: BrowserImage, text: string): Promise<number> {
    requireTexts(text);
    const [probability] = await this.#read(() => this.#embedder.match([toImage(image)], [text]));
    return probability!;
  }

  /**
   * Identifies the model by all that its embeddings depend on, so that kept ones are used with no other model; the same
   * in Node.
   *
   * @throws TypeError on pages that are not served by HTTPS or from localhost: browsers have no digests there
   */
  fingerprint(): Promise<string> {
    return modelFingerprint(this.#model);
  }

  /**
   * The model's files, by name: written to a directory, they are what `load` reads in Node, and transformers too. Weights
   * are float32.
   */
  files(): Promise<ModelFiles> {
    const { state, config, processor, tokenizer } = this.#model;
    return modelFiles(state, config, processor, tokenizer);
  }

  /** Warns of texts that were truncated, once for all of a call. */
  async #read<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } finally {
      const summary = this.#truncated.takeSummary();
      if (summary !== undefined) this.#onWarning(summary);
    }
  }

  /** Frees the memory. */
  async close(): Promise<void> {
    await this.#embedder.close();
    this.#model.state.dispose();
    this.#model.backend.dispose();
  }
}
