import type { CallOptions } from "../base/call-options.js";
import type { WeightDtype } from "../checkpoint/huggingface-config.js";
import { saveModel } from "../checkpoint/save-model.js";
import type { Image } from "../data/image/image.js";
import { requireTexts } from "../data/text/blank.js";
import type { FeatureOptions } from "../model/features.js";
import { Embedder } from "../inference/embedder.js";
import { rowOf } from "../inference/similarity.js";
import type { TaskPredictor } from "../inference/task-predictor.js";
import { TruncatedTexts } from "../inference/truncated-texts.js";
import {
  type Classification,
  type ClassifyOptions,
  Classifier,
  similarityScale,
} from "./classify.js";
import { type FillImageOptions, type FilledImage, ImageFiller } from "./fill-image.js";
import { type FillTextOptions, type FilledText, type MaskedPair, TextFiller } from "./fill-text.js";
import type { LoadedModel } from "./model.js";
import { type OneOrMany, type ResultOrMany, inBatches, isMany, pairsOf } from "./calls.js";
import { pathOf } from "./path.js";
import {
  type PredictInput,
  type Prediction,
  predictionOf,
  predictorOf,
  questionOf,
} from "./predict.js";
import { type ImageInput, imagesAtOnce, readImage } from "./image-input.js";

interface FlavaOptions {
  /** Maximum batch size. */
  readonly batch?: number;
  readonly onWarning: (message: string) => void;
}

/** How a model is saved, and how that is stopped and followed: progress is in tensors. */
export interface SaveOptions extends CallOptions {
  /** Data type of the weights; default: as stored. */
  readonly dtype?: WeightDtype;
}

/**
 * A loaded model, made by `load`. Calls may overlap; `close` waits for them and frees the memory.
 *
 * All methods that take images reject with an `ImageError` if one cannot be decoded, and with a `TypeError` if an input
 * is not an image. Texts longer than the model reads are truncated with a warning; blank ones reject with a `RangeError`.
 */
export class Flava {
  /** Embeds decoded images and texts into an array [N, D]; used by evaluation and search. */
  readonly embedder: Embedder;
  readonly #classifier: Classifier;
  readonly #textFiller: TextFiller;
  readonly #imageFiller: ImageFiller;
  readonly #predictor: TaskPredictor | undefined;
  readonly #calls = new Set<Promise<unknown>>();
  readonly #truncated = new TruncatedTexts();
  readonly #onWarning: (message: string) => void;
  #isOpen = true;

  /** @param model its backend is disposed by `close` */
  constructor(
    /** Sizes, weights, tokenizer, image processor and backend, for what the methods do not offer. */
    readonly model: LoadedModel,
    { batch, onWarning }: FlavaOptions,
  ) {
    this.embedder = new Embedder({
      ...model,
      ...(batch !== undefined && { batch }),
      onTruncated: (text, tokens) => this.#truncated.add(text, tokens),
    });
    this.#onWarning = onWarning;
    this.#classifier = new Classifier(this.width);
    this.#textFiller = new TextFiller(model);
    this.#imageFiller = new ImageFiller(model);
    this.#predictor = predictorOf(model, {
      ...(batch !== undefined && { batch }),
      onTruncated: (text, tokens) => this.#truncated.add(text, tokens),
    });
  }

  /** Width D of the embeddings. */
  get width(): number {
    return this.embedder.width;
  }

  /**
   * L2-normalized embeddings, [D] for each image; the dot product of two embeddings is their cosine similarity.
   *
   * @example
   * const [cat, dog] = await flava.embedImages(["cat.jpg", "dog.png"]);
   */
  embedImages(image: ImageInput, options?: CallOptions): Promise<Float32Array>;
  embedImages(images: readonly ImageInput[], options?: CallOptions): Promise<Float32Array[]>;
  embedImages(
    images: OneOrMany<ImageInput>,
    options: CallOptions = {},
  ): Promise<ResultOrMany<Float32Array>> {
    return this.#call(images, imagesAtOnce, options, async (some, own) =>
      rowsOf(await this.embedder.images(await readImages(some), own), some.length),
    );
  }

  /**
   * L2-normalized embeddings, [D] for each text.
   *
   * @example
   * const vector = await flava.embedTexts("a photo of a cat");
   */
  embedTexts(text: string, options?: CallOptions): Promise<Float32Array>;
  embedTexts(texts: readonly string[], options?: CallOptions): Promise<Float32Array[]>;
  async embedTexts(
    texts: OneOrMany<string>,
    options: CallOptions = {},
  ): Promise<ResultOrMany<Float32Array>> {
    requireTexts(texts);
    return this.#call(texts, textsAtOnce, options, async (some, own) =>
      rowsOf(await this.embedder.texts(some, own), some.length),
    );
  }

  /**
   * Features of images for your own model: by default the image encoder's class token before projection, [W] for each
   * image, where W is the encoder's width. `layer` selects the output of another block; `pool` the mean of the patches,
   * or all tokens, [1 + P, W]: the class token, then the patches row by row.
   *
   * @throws RangeError if the encoder has no such layer
   *
   * @example
   * const features = await flava.features(["cat.jpg", "dog.png"]);
   * const patches = await flava.features("cat.jpg", { layer: 6, pool: "none" });
   */
  features(image: ImageInput, options?: FeatureOptions & CallOptions): Promise<Float32Array>;
  features(
    images: readonly ImageInput[],
    options?: FeatureOptions & CallOptions,
  ): Promise<Float32Array[]>;
  features(
    images: OneOrMany<ImageInput>,
    options: FeatureOptions & CallOptions = {},
  ): Promise<ResultOrMany<Float32Array>> {
    return this.#call(images, imagesAtOnce, options, async (some, own) =>
      this.embedder.imageFeatures(await readImages(some), own),
    );
  }

  /**
   * Features of texts, like `features` for images: by default the text encoder's class token, [W] for each text; or the
   * mean of the other tokens; or all L tokens, [L, W].
   *
   * @throws RangeError if the encoder has no such layer
   *
   * @example
   * const vector = await flava.textFeatures("a photo of a cat", { pool: "mean" });
   */
  textFeatures(text: string, options?: FeatureOptions & CallOptions): Promise<Float32Array>;
  textFeatures(
    texts: readonly string[],
    options?: FeatureOptions & CallOptions,
  ): Promise<Float32Array[]>;
  async textFeatures(
    texts: OneOrMany<string>,
    options: FeatureOptions & CallOptions = {},
  ): Promise<ResultOrMany<Float32Array>> {
    requireTexts(texts);
    return this.#call(texts, textsAtOnce, options, (some, own) =>
      this.embedder.textFeatures(some, own),
    );
  }

  /**
   * Classifies images by labels, zero-shot.
   *
   * @returns for each image, all labels with their probabilities, best first
   * @throws RangeError if there are no labels, or two are equal
   *
   * @example
   * const [best] = await flava.classify("photo.jpg", ["cat", "dog"], { templates: ["a photo of a {}."] });
   * if (best) console.log(`${best.label}: ${(100 * best.probability).toFixed(1)} %`);
   */
  classify(
    image: ImageInput,
    labels: readonly string[],
    options?: ClassifyOptions & CallOptions,
  ): Promise<Classification[]>;
  classify(
    images: readonly ImageInput[],
    labels: readonly string[],
    options?: ClassifyOptions & CallOptions,
  ): Promise<Classification[][]>;
  classify(
    images: OneOrMany<ImageInput>,
    labels: readonly string[],
    options: ClassifyOptions & CallOptions = {},
  ): Promise<ResultOrMany<Classification[]>> {
    return this.#call(images, imagesAtOnce, options, async (some, own) => {
      const vectors = await this.embedder.images(await readImages(some), own);
      const scale = await similarityScale(this.model.state);
      const embed = (texts: readonly string[]) => this.embedder.texts(texts, own);
      return this.#classifier.classify(rowsOf(vectors, some.length), labels, scale, embed, options);
    });
  }

  /**
   * The probability that an image and a text match, from the multimodal encoder and its matching head. Given two
   * arrays, each image is matched with the text at the same index.
   *
   * @throws RangeError if the numbers of images and texts differ
   * @throws Error if the checkpoint has no matching head
   *
   * @example
   * console.log(await flava.match("photo.jpg", "two cats on a sofa"));
   */
  match(image: ImageInput, text: string, options?: CallOptions): Promise<number>;
  match(
    images: readonly ImageInput[],
    texts: readonly string[],
    options?: CallOptions,
  ): Promise<number[]>;
  async match(
    images: OneOrMany<ImageInput>,
    texts: OneOrMany<string>,
    options: CallOptions = {},
  ): Promise<ResultOrMany<number>> {
    requireTexts(texts);
    return this.#call(pairsOf(images, texts), imagesAtOnce, options, async (some, own) => {
      const decoded = await readImages(some.map(({ image }) => image));
      const described = some.map(({ text }) => text);
      return [...(await this.embedder.match(decoded, described, own))];
    });
  }

  /**
   * Predicts each [MASK] in a text from the text alone or together with an image.
   *
   * @returns the filled text, and the candidates for each mask with their probabilities
   * @throws RangeError if a text has no [MASK], or more tokens than the model reads
   * @throws Error if the checkpoint has no heads for masked words
   *
   * @example
   * const { text, masks } = await flava.fill("the capital of france is [MASK].");
   * const seen = await flava.fill({ image: "photo.jpg", text: "two [MASK] on a sofa" });
   */
  fill(input: string | MaskedPair, options?: FillTextOptions & CallOptions): Promise<FilledText>;
  fill(
    inputs: readonly (string | MaskedPair)[],
    options?: FillTextOptions & CallOptions,
  ): Promise<FilledText[]>;
  fill(
    inputs: OneOrMany<string | MaskedPair>,
    options: FillTextOptions & CallOptions = {},
  ): Promise<ResultOrMany<FilledText>> {
    return this.#call(inputs, 1, options, async ([input]) => {
      const { text, image } =
        typeof input === "object" ? input : { text: input!, image: undefined };
      const decoded = image === undefined ? undefined : await readImage(image);
      return [await this.#textFiller.fill(text, decoded, options)];
    });
  }

  /**
   * Hides patches of an image, predicts their visual tokens, and decodes these to an image if the checkpoint has the
   * codebook's decoder.
   *
   * @throws RangeError if `hidden` does not have one entry for each patch
   * @throws Error if the checkpoint has no head for masked patches, or no codebook
   *
   * @example
   * const { image } = await flava.fillImage("photo.jpg", { seed: 1 });
   */
  fillImage(image: ImageInput, options?: FillImageOptions & CallOptions): Promise<FilledImage>;
  fillImage(
    images: readonly ImageInput[],
    options?: FillImageOptions & CallOptions,
  ): Promise<FilledImage[]>;
  fillImage(
    images: OneOrMany<ImageInput>,
    options: FillImageOptions & CallOptions = {},
  ): Promise<ResultOrMany<FilledImage>> {
    return this.#call(images, 1, options, async ([image]) => [
      await this.#imageFiller.fill(await readImage(image!), options),
    ]);
  }

  /**
   * Predicts with the head of a fine-tuned model (`flava finetune`), from what its task reads: texts, pairs of texts, images,
   * or images with texts.
   *
   * @returns the labels with their probabilities, best first, or a value
   * @throws Error if the model has no head for a task
   * @throws TypeError if an input lacks what the task reads, or has what it does not read
   *
   * @example
   * const prediction = await flava.predict("what a wonderful film");
   * const answer = await flava.predict({ image: "photo.jpg", text: "how many cats are there?" });
   */
  predict(input: PredictInput, options?: CallOptions): Promise<Prediction>;
  predict(inputs: readonly PredictInput[], options?: CallOptions): Promise<Prediction[]>;
  async predict(
    inputs: OneOrMany<PredictInput>,
    options: CallOptions = {},
  ): Promise<ResultOrMany<Prediction>> {
    const predictor = this.predictor;
    const atOnce = predictor.readsImages ? imagesAtOnce : textsAtOnce;
    return this.#call(inputs, atOnce, options, async (some, own) => {
      const questions = await Promise.all(some.map((input) => questionOf(input, predictor)));
      const outputs = await predictor.outputs(questions, own);
      return outputs.map((output) => predictionOf(output, predictor.task.labels));
    });
  }

  /**
   * Runs the head of a fine-tuned model; used by evaluation.
   * @throws Error if the model has no head for a task
   */
  get predictor(): TaskPredictor {
    if (this.#predictor) return this.#predictor;
    throw new Error(
      `${this.model.path} has no head for a task (labels.json, head.safetensors): fine-tune it first, with flava finetune.`,
    );
  }

  /**
   * Saves the model to a directory that this package and transformers can load. An existing saved model is replaced.
   *
   * @throws CheckpointError if the directory contains other files, or the model was loaded from it
   *
   * @example
   * await flava.save("my-model", { dtype: "bfloat16" });
   */
  async save(directory: string | URL, options: SaveOptions = {}): Promise<void> {
    const { signal } = options;
    await this.#call(pathOf(directory), 1, { ...(signal && { signal }) }, async ([path]) => {
      await saveModel(path!, this.model, options);
      return [undefined];
    });
  }

  /** Waits for running calls and frees all memory. The model cannot be used afterwards. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await Promise.allSettled(this.#calls);
    this.#warnOfTruncated(); // from direct use of the embedder
    await this.embedder.close();
    await this.#predictor?.close();
    await this.#textFiller.close();
    this.#imageFiller.close();
    this.model.state.dispose();
    this.model.backend.dispose();
  }

  /** Closes the model at the end of a block: `await using flava = await load();` */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs a call in batches; `close` waits for it. */
  async #call<Input, Result, Options extends CallOptions>(
    inputs: OneOrMany<Input>,
    batch: number,
    options: Options,
    run: (some: readonly Input[], own: Omit<Options, "onProgress">) => Promise<Result[]>,
  ): Promise<ResultOrMany<Result>> {
    if (!this.#isOpen) throw new Error("This model was closed; load it again to use it.");
    const call = inBatches(isMany(inputs) ? inputs : [inputs], batch, options, run);
    this.#calls.add(call);
    try {
      const results = await call;
      return isMany(inputs) ? results : results[0]!;
    } finally {
      this.#calls.delete(call);
      this.#warnOfTruncated();
    }
  }

  #warnOfTruncated(): void {
    const summary = this.#truncated.takeSummary();
    if (summary !== undefined) this.#onWarning(summary);
  }
}

function rowsOf(vectors: Float32Array, count: number): Float32Array[] {
  return Array.from({ length: count }, (_, row) => rowOf(vectors, row, vectors.length / count));
}

const readImages = (images: readonly ImageInput[]): Promise<Image[]> =>
  Promise.all(images.map(readImage));

/** Number of texts between progress reports. */
const textsAtOnce = 1024;
