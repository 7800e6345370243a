import type { CallOptions } from "../base/call-options.js";
import { counted } from "../base/counted.js";
import type { Backend } from "../backend/backend.js";
import { type Program, compileTrees } from "../backend/program.js";
import type { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import type { ImageProcessor } from "../data/image/processor.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import type { Vocabulary } from "../data/text/vocabulary.js";
import { cast } from "../graph/ops/cast.js";
import { gatherRows } from "../graph/ops/gather.js";
import { argmax } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/reshape.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import type { Parameter } from "../nn/parameter.js";
import type { Precision } from "../nn/precision.js";
import type { FlavaConfig } from "../model/config.js";
import { type FeatureOptions, imageFeatures, textFeatures } from "../model/features.js";
import { type Flava, type PretrainingHeads, embed } from "../model/flava.js";
import { maskedLogits } from "../model/heads.js";
import { textOf } from "../model/multimodal-encoder.js";
import { imageOutputs, matchLogit, pairOutputs, textOutputs } from "../model/outputs.js";
import type { TracedModel } from "../model/traced-model.js";
import { type Bucket, bucketsOf } from "./buckets.js";
import { CallQueue } from "../base/call-queue.js";
import {
  type HiddenWords,
  type ImageInputs,
  type ImageOrPixels,
  type PlaceInputs,
  type TextInputs,
  type TextOrIds,
  type ViewShape,
  fixedViewShape,
  imageSpecs,
  packImages,
  packPlaces,
  packTexts,
  placeSpecs,
  textSpecs,
} from "./inputs.js";
import { ProgramCache } from "./program-cache.js";
import { runBuckets } from "./run-buckets.js";
import { chosenRows, concatenated, countOf } from "./similarity.js";

/** The parameters that an embedder reads; the heads only for `match` and `words`. */
export interface EmbedderParameters<T> {
  readonly flava: Flava<T>;
  readonly heads?: Pick<PretrainingHeads<T>, "itm" | "mlm" | "mmmText">;
}

export interface EmbedderOptions {
  readonly config: FlavaConfig;
  readonly state: State<{ readonly parameters: EmbedderParameters<Parameter> }>;
  readonly tokenizer: Tokenizer;
  readonly processor: ImageProcessor;
  /** Default: "float32". */
  readonly precision?: Precision;
  /** Largest batch size; default: 32. */
  readonly batch?: number;
  /** Called for every text that exceeds the model's positions, with the number of tokens that are kept. */
  readonly onTruncated?: (text: string, tokens: number) => void;
}

type FeatureInputs = { readonly features: TensorSpec };
type Inputs = FeatureInputs | ImageInputs | TextInputs | (ImageInputs & TextInputs) | WordInputs;
type ResultProgram<I> = Program<I, { result: Tensor }>;
type WordInputs = TextInputs & PlaceInputs & Partial<ImageInputs>;
/** Results [B, ...] for a batch of images, or of texts. */
type ImageFunction = (model: TracedModel, input: { readonly pixels: Tensor }) => Tensor;
type TextFunction = (
  model: TracedModel,
  input: { readonly ids: Tensor; readonly lengths: Tensor },
) => Tensor;

/**
 * Embeds images and texts in FLAVA's contrastive space (flava.md 1.6), and predicts whether pairs match. Inputs may be
 * prepared already: images as pixels of the encoder's view, texts as token ids no longer than the model reads. Any number of
 * inputs runs in batches, by programs compiled once for each shape. The result of a sample depends neither on the batch
 * size nor on the other samples.
 */
export class Embedder {
  readonly #options: Required<Pick<EmbedderOptions, "precision" | "batch">> & EmbedderOptions;
  readonly #viewShape: ViewShape;
  readonly #imagePrograms = new ProgramCache<ResultProgram<ImageInputs>>();
  readonly #projections = new ProgramCache<ResultProgram<FeatureInputs>>();
  readonly #textPrograms = new ProgramCache<ResultProgram<TextInputs>>();
  readonly #pairPrograms = new ProgramCache<ResultProgram<ImageInputs & TextInputs>>();
  readonly #wordPrograms = new ProgramCache<ResultProgram<WordInputs>>();
  readonly #queue = new CallQueue();

  constructor(options: EmbedderOptions) {
    const { batch = 32, precision = "float32", config, tokenizer, processor } = options;
    if (!Number.isSafeInteger(batch) || batch < 1) {
      throw new RangeError(`Expected a batch size >= 1, but got ${batch}.`);
    }
    const pieces = tokenizer.vocabulary.pieces.length;
    if (pieces > config.text.vocabulary) {
      throw new RangeError(
        `The vocabulary has ${pieces} word pieces, but the model has embeddings for ${config.text.vocabulary}. ` +
          "Use the vocabulary that the model was trained with.",
      );
    }
    this.#options = { ...options, batch, precision };
    this.#viewShape = fixedViewShape(processor, config);
  }

  /** The backend that runs the programs. */
  get backend(): Backend {
    return this.#options.state.backend;
  }

  /** The word pieces of all texts. */
  get vocabulary(): Vocabulary {
    return this.#options.tokenizer.vocabulary;
  }

  /** Width of the embeddings: D. */
  get width(): number {
    return this.#options.config.projection;
  }

  /** Width of the image encoder's features. */
  get featureWidth(): number {
    return this.#options.config.image.width;
  }

  /** Width of the text encoder's features. */
  get textFeatureWidth(): number {
    return this.#options.config.text.width;
  }

  /** Unit-length embeddings of the images: float32 [N, D]. */
  async images(images: readonly ImageOrPixels[], options: CallOptions = {}): Promise<Float32Array> {
    const embed: ImageFunction = (model, input) =>
      imageOutputs(model, input, { keepTokens: 1 }).embedding;
    return concatenated(await this.#runImages(images, "embedding", embed, options));
  }

  /**
   * What `images` gives, from features that are known: float32 [N, D].
   *
   * @param features class tokens after the final normalization, as `imageFeatures` gives them by default: float32 [N, W]
   */
  async projectedImages(features: Float32Array, options: CallOptions = {}): Promise<Float32Array> {
    const width = this.featureWidth;
    const lengths = Array.from({ length: countOf(features, width) }, () => 1);
    const projected = await this.#run(lengths, options, ({ rows, batch }, signal) => {
      const program = this.#projections.get(String(batch), () =>
        this.#compile(
          { features: spec([batch, 1, width]) },
          ({ parameters, precision }, _, given) =>
            embed(parameters.flava.imageProjection, { sequence: given.features }, precision),
        ),
      );
      const packed = new Float32Array(batch * width);
      packed.set(chosenRows(features, rows, width));
      return program.run({ features: packed }, { signal });
    });
    return concatenated(projected);
  }

  /** Unit-length embeddings of the texts: float32 [N, D]. */
  async texts(texts: readonly TextOrIds[], options: CallOptions = {}): Promise<Float32Array> {
    const embed: TextFunction = (model, input) =>
      textOutputs(model, input, { keepTokens: 1 }).embedding;
    const encoded = texts.map((text) => this.encode(text));
    return concatenated(await this.#runTexts(encoded, "embedding", embed, options));
  }

  /**
   * Features of each image, by default the class token after the final normalization (flava.md 8.4): float32 [W], or
   * [1 + P, W] without pooling, where W is the image encoder's width.
   */
  imageFeatures(
    images: readonly ImageOrPixels[],
    options: FeatureOptions & CallOptions = {},
  ): Promise<Float32Array[]> {
    const features: ImageFunction = (model, input) => imageFeatures(model, input, options);
    return this.#runImages(images, nameOfFeatures(options), features, options);
  }

  /**
   * Features of each text, by default the class token after the final normalization: float32 [W], or [L, W] for a text of L
   * tokens without pooling, where W is the text encoder's width.
   */
  async textFeatures(
    texts: readonly TextOrIds[],
    options: FeatureOptions & CallOptions = {},
  ): Promise<Float32Array[]> {
    const encoded = texts.map((text) => this.encode(text));
    const features: TextFunction = (model, input) => textFeatures(model, input, options);
    const found = await this.#runTexts(encoded, nameOfFeatures(options), features, options);
    if (options.pool !== "none") return found;
    const { width } = this.#options.config.text;
    return found.map((tokens, index) => tokens.slice(0, encoded[index]!.length * width));
  }

  /** The probability that each image matches the text at the same index (flava.md 1.7): float32 [N]. */
  async match(
    images: readonly ImageOrPixels[],
    texts: readonly TextOrIds[],
    options: CallOptions = {},
  ): Promise<Float32Array> {
    const logits = await this.matchLogits(images, texts, options);
    return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  }

  /** The logits of these probabilities: float32 [N]. */
  async matchLogits(
    images: readonly ImageOrPixels[],
    texts: readonly TextOrIds[],
    options: CallOptions = {},
  ): Promise<Float32Array> {
    if (images.length !== texts.length) {
      throw new RangeError(
        `Expected one text for each image, but got ${counted(images.length, "image")} and ${counted(texts.length, "text")}.`,
      );
    }
    const encoded = texts.map((text) => this.encode(text));
    const matches = await this.#run(lengthsOf(encoded), options, (bucket, signal) => {
      const program = this.#pairPrograms.get(nameOf(bucket), () =>
        this.#compile({ ...imageSpecs(bucket, this.#viewShape), ...textSpecs(bucket) }, pairLogits),
      );
      const inputs = { ...this.#pack(images, bucket), ...packTexts(encoded, bucket) };
      return program.run(inputs, { signal });
    });
    return concatenated(matches);
  }

  /**
   * The likeliest word piece at each hidden place of the texts, which is [MASK] there: of the text alone, or together with the
   * image at the same index (flava.md 3.5).
   */
  async words(
    texts: readonly HiddenWords[],
    { images, ...options }: { readonly images?: readonly ImageOrPixels[] } & CallOptions = {},
  ): Promise<Int32Array[]> {
    const encoded = texts.map(({ ids }) => ids);
    const found = await this.#run(lengthsOf(encoded), options, (bucket, signal) => {
      const places = packPlaces(texts, bucket);
      const name = `${nameOf(bucket)} ${places.length} ${images ? "with" : "without"} images`;
      const program = this.#wordPrograms.get(name, () =>
        this.#compile<WordInputs>(
          {
            ...textSpecs(bucket),
            ...placeSpecs(places.length),
            ...(images && imageSpecs(bucket, this.#viewShape)),
          },
          likeliestWords,
        ),
      );
      const pixels = images && this.#pack(images, bucket);
      return program.run({ ...packTexts(encoded, bucket), places, ...pixels }, { signal });
    });
    return texts.map(({ places }, text) => Int32Array.from(places, (_, i) => found[text]![i]!));
  }

  /** Frees the compiled programs, but not the state. */
  async close(): Promise<void> {
    await this.#queue.idle();
    this.#imagePrograms.dispose();
    this.#projections.dispose();
    this.#textPrograms.dispose();
    this.#pairPrograms.dispose();
    this.#wordPrograms.dispose();
  }

  /** @param name of the function, part of the programs' cache keys */
  #runImages(
    images: readonly ImageOrPixels[],
    name: string,
    resultOf: ImageFunction,
    options: CallOptions,
  ): Promise<Float32Array[]> {
    const lengths = images.map(() => 1);
    return this.#run(lengths, options, (bucket, signal) => {
      const program = this.#imagePrograms.get(`${name} ${nameOf(bucket)}`, () =>
        this.#compile(imageSpecs(bucket, this.#viewShape), (model, _, inputs) =>
          resultOf(model, inputs),
        ),
      );
      return program.run(this.#pack(images, bucket), { signal });
    });
  }

  #runTexts(
    encoded: readonly Int32Array[],
    name: string,
    resultOf: TextFunction,
    options: CallOptions,
  ): Promise<Float32Array[]> {
    return this.#run(lengthsOf(encoded), options, (bucket, signal) => {
      const program = this.#textPrograms.get(`${name} ${nameOf(bucket)}`, () =>
        this.#compile(textSpecs(bucket), (model, _, inputs) => resultOf(model, inputs)),
      );
      return program.run(packTexts(encoded, bucket), { signal });
    });
  }

  #run(
    lengths: readonly number[],
    options: CallOptions,
    start: (
      bucket: Bucket,
      signal: AbortSignal | undefined,
    ) => Promise<{ readonly result: Values }>,
  ): Promise<Float32Array[]> {
    const { batch, config } = this.#options;
    const buckets = bucketsOf(lengths, { batch, longest: config.text.positions });
    return this.#queue.run(() =>
      runBuckets(buckets, (bucket) => start(bucket, options.signal), options),
    );
  }

  #compile<I extends Inputs>(
    inputs: I,
    resultOf: (
      model: TracedModel,
      parameters: EmbedderParameters<Tensor>,
      inputs: { readonly [K in keyof I]: Tensor },
    ) => Tensor,
  ): ResultProgram<I> {
    const { state, config, precision } = this.#options;
    return compileTrees({ state, inputs }, ({ parameters }, given) => {
      const model = { config, parameters, precision };
      const traced = given as { readonly [K in keyof I]: Tensor };
      return { outputs: { result: resultOf(model, parameters, traced) } };
    });
  }

  #pack(images: readonly ImageOrPixels[], bucket: Bucket): { pixels: Float32Array } {
    return packImages(images, bucket, this.#options.processor, this.#viewShape);
  }

  /** The token ids of a text, truncated to the model's positions. */
  encode(text: TextOrIds): Int32Array {
    if (typeof text !== "string") return text;
    const { tokenizer, config, onTruncated } = this.#options;
    const longest = tokenizer.longest(config.text.positions);
    const ids = tokenizer.encode(text, { maximum: longest + 1 });
    if (ids.length <= longest) return ids;
    onTruncated?.(text, longest);
    const kept = ids.slice(0, longest);
    kept[longest - 1] = tokenizer.vocabulary.special.separator;
    return kept;
  }
}

function pairLogits(
  model: TracedModel,
  { heads }: EmbedderParameters<Tensor>,
  { pixels, ids, lengths }: { pixels: Tensor; ids: Tensor; lengths: Tensor },
): Tensor {
  if (!heads) {
    throw new Error(
      "This model has no matching head, which predicts whether an image and a text match. " +
        "Load a checkpoint of the pre-training model (FlavaForPreTraining).",
    );
  }
  const pair = pairOutputs(model, { pixels }, { ids, lengths }, { keepTokens: 1 });
  return matchLogit(heads, pair, model.precision);
}

/** The likeliest piece at each place of a batch of texts: float32 [B, N / B]. */
function likeliestWords(
  model: TracedModel,
  { heads }: EmbedderParameters<Tensor>,
  { pixels, ids, lengths, places }: { [K in keyof WordInputs]: Tensor },
): Tensor {
  if (!heads) {
    throw new Error(
      "This model has no heads for masked words. Load a checkpoint of the pre-training model (FlavaForPreTraining).",
    );
  }
  const [batch = 0, length = 0] = ids.shape;
  const sequence = pixels
    ? textOf(pairOutputs(model, { pixels }, { ids, lengths }).sequence, length)
    : textOutputs(model, { ids, lengths }).sequence; // [B, L, D]
  const rows = gatherRows(reshape(sequence, [batch * length, -1]), places);
  const head = pixels ? heads.mmmText : heads.mlm;
  const logits = maskedLogits(head, rows, model.config.headEpsilon, model.precision); // [N, V]
  return reshape(cast(argmax(logits), "float32"), [batch, -1]);
}

const nameOfFeatures = ({ layer, pool }: FeatureOptions): string => `layer ${layer} ${pool}`;
const nameOf = ({ batch, length }: Bucket): string => `${batch} x ${length}`;
const lengthsOf = (encoded: readonly Int32Array[]): number[] => encoded.map(({ length }) => length);
