/** Images and texts to vectors, any number of them, with programs that are compiled once for each shape. */
import { type Program, compile } from "../backend/program.js";
import type { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import type { Image } from "../data/image/image.js";
import { type ImageProcessor, viewShape, writePixels } from "../data/image/processor.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import type { Parameter } from "../nn/parameter.js";
import type { Precision } from "../nn/precision.js";
import type { FlavaConfig } from "../model/config.js";
import { tokenAt } from "../model/encoded.js";
import type { Flava } from "../model/flava.js";
import type { MatchHead } from "../model/heads.js";
import {
  type InferenceModel,
  type UnimodalOutputs,
  imageOutputs,
  matchProbability,
  pairOutputs,
  textOutputs,
} from "../model/outputs.js";
import { type Portion, portionsOf } from "./buckets.js";
import { RecentPrograms } from "./program-cache.js";

/** What an embedder reads of a model; the matching head only for `match`. */
interface EmbedderParameters<T> {
  readonly flava: Flava<T>;
  readonly heads?: { readonly itm: MatchHead<T> };
}

export interface EmbedderOptions {
  readonly config: FlavaConfig;
  readonly state: State<{ readonly parameters: EmbedderParameters<Parameter> }>;
  readonly tokenizer: Tokenizer;
  readonly processor: ImageProcessor;
  /** Default: "float32". */
  readonly precision?: Precision;
  /** Samples in one run of a program, at most; default: 32. */
  readonly batch?: number;
  /** Told of every text that is longer than the model's positions, and of the number of tokens that were read of it. */
  readonly onTruncated?: (text: string, tokens: number) => void;
}

type ImageInputs = { readonly pixels: TensorSpec };
type TextInputs = { readonly ids: TensorSpec; readonly lengths: TensorSpec };
type Inputs = ImageInputs | TextInputs | (ImageInputs & TextInputs);
type Runs<I> = Program<I, { result: Tensor }>;

/** Bytes of rearranged weights that programs of one kind keep: those of the paper's model in float32 a few times over. */
const keptBytes = 1.5e9;

/**
 * Turns images and texts into the vectors of FLAVA's contrastive space (flava.md 1.6), and tells of pairs whether they
 * belong together. The result of a sample depends neither on the batch nor on its neighbors.
 */
export class Embedder {
  readonly #options: Required<Pick<EmbedderOptions, "precision" | "batch">> & EmbedderOptions;
  /** Of the encoder's view of an image: [3, H, W]. */
  readonly #viewShape: readonly [number, number, number];
  readonly #images = new RecentPrograms<Runs<ImageInputs>>(keptBytes);
  readonly #features = new RecentPrograms<Runs<ImageInputs>>(keptBytes);
  readonly #texts = new RecentPrograms<Runs<TextInputs>>(keptBytes);
  readonly #pairs = new RecentPrograms<Runs<ImageInputs & TextInputs>>(keptBytes);
  /** Calls run one after another, so that none frees a program that another one uses. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: EmbedderOptions) {
    const { batch = 32, precision = "float32", config, tokenizer, processor } = options;
    if (!Number.isSafeInteger(batch) || batch < 1) {
      throw new RangeError(`A batch has a whole number of samples from 1, not ${batch}.`);
    }
    const pieces = tokenizer.vocabulary.pieces.length;
    if (pieces > config.text.vocabulary) {
      throw new RangeError(
        `The vocabulary has ${pieces} word pieces, but the model knows ${config.text.vocabulary}. ` +
          "Give the vocab.txt that the model was trained with.",
      );
    }
    this.#options = { ...options, batch, precision };
    this.#viewShape = fixedViewShape(processor, config);
  }

  /** Width of the vectors: D. */
  get width(): number {
    return this.#options.config.projection;
  }

  /** Vectors of length 1, one for each image: float32 [N, D]. */
  images(images: readonly Image[], signal?: AbortSignal): Promise<Float32Array> {
    const programs = this.#images;
    return this.#runImages(images, this.width, programs, ({ embedding }) => embedding, signal);
  }

  /** Width of the features: that of the image encoder. */
  get featureWidth(): number {
    return this.#options.config.image.width;
  }

  /**
   * What the image encoder says of each image, before anything multimodal: its class token after the final
   * normalization, for probes (flava.md 8.4), float32 [N, featureWidth].
   */
  features(images: readonly Image[], signal?: AbortSignal): Promise<Float32Array> {
    const classToken = ({ sequence }: UnimodalOutputs): Tensor => tokenAt(sequence, 0);
    return this.#runImages(images, this.featureWidth, this.#features, classToken, signal);
  }

  /** Vectors of length 1, one for each text: float32 [N, D]. */
  texts(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array> {
    const encoded = texts.map((text) => this.#encode(text));
    return this.#run(lengthsOf(encoded), this.width, signal, (portion) => {
      const program = this.#texts.get(nameOf(portion), () =>
        this.#compile(
          textSpecs(portion),
          (model, _, given) => textOutputs(model, given, { wanted: 1 }).embedding,
        ),
      );
      return program.run(wordsOf(encoded, portion), signal);
    });
  }

  /** The probability that each image and the text of the same index belong together (flava.md 1.7): float32 [N]. */
  match(
    images: readonly Image[],
    texts: readonly string[],
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    if (images.length !== texts.length) {
      throw new RangeError(
        `Pairs have an image and a text each, but ${images.length} images and ${texts.length} texts were given.`,
      );
    }
    const encoded = texts.map((text) => this.#encode(text));
    return this.#run(lengthsOf(encoded), 1, signal, (portion) => {
      const program = this.#pairs.get(nameOf(portion), () =>
        this.#compile({ ...this.#imageSpecs(portion), ...textSpecs(portion) }, matchOf),
      );
      const inputs = { ...this.#pixels(images, portion), ...wordsOf(encoded, portion) };
      return program.run(inputs, signal);
    });
  }

  /** Frees what the programs hold; the state stays. */
  async close(): Promise<void> {
    await this.#last;
    for (const programs of [this.#images, this.#features, this.#texts, this.#pairs])
      programs.dispose();
  }

  #runImages(
    images: readonly Image[],
    width: number,
    programs: RecentPrograms<Runs<ImageInputs>>,
    resultOf: (outputs: UnimodalOutputs) => Tensor,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const lengths = images.map(() => 1);
    return this.#run(lengths, width, signal, (portion) => {
      const program = programs.get(String(portion.batch), () =>
        this.#compile(this.#imageSpecs(portion), (model, _, given) =>
          resultOf(imageOutputs(model, given, { wanted: 1 })),
        ),
      );
      return program.run(this.#pixels(images, portion), signal);
    });
  }

  /** One after another, but the inputs of a portion are prepared while the one before it is computed. */
  #run(
    lengths: readonly number[],
    width: number,
    signal: AbortSignal | undefined,
    start: (portion: Portion) => Promise<{ readonly result: Values }>,
  ): Promise<Float32Array> {
    const { batch, config } = this.#options;
    const results = new Float32Array(lengths.length * width);
    const runAll = async (): Promise<Float32Array> => {
      let running = Promise.resolve();
      try {
        for (const portion of portionsOf(lengths, { batch, longest: config.text.positions })) {
          signal?.throwIfAborted();
          const before = running;
          running = start(portion).then(({ result }) => {
            for (const [index, row] of portion.rows.entries()) {
              results.set(result.subarray(index * width, (index + 1) * width), row * width);
            }
          });
          await before;
        }
        await running;
        return results;
      } finally {
        await Promise.allSettled([running]); // Nothing of this call runs when the next one begins.
      }
    };
    const done = this.#last.then(runAll);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #compile<I extends Inputs>(
    inputs: I,
    resultOf: (
      model: InferenceModel,
      parameters: EmbedderParameters<Tensor>,
      given: { readonly [K in keyof I]: Tensor },
    ) => Tensor,
  ): Runs<I> {
    const { state, config, precision } = this.#options;
    return compile({ state, inputs }, ({ parameters }, given) => {
      const model = { config, flava: parameters.flava, precision };
      const traced = given as { readonly [K in keyof I]: Tensor };
      return { outputs: { result: resultOf(model, parameters, traced) } };
    });
  }

  #imageSpecs({ batch }: Portion): ImageInputs {
    return { pixels: spec([batch, ...this.#viewShape]) };
  }

  #pixels(images: readonly Image[], { rows, batch }: Portion): { pixels: Float32Array } {
    const size = this.#viewShape.reduce((product, side) => product * side);
    const pixels = new Float32Array(batch * size);
    for (const [index, row] of rows.entries()) {
      writePixels(images[row]!, this.#options.processor, pixels, index * size);
    }
    return { pixels };
  }

  /** The word pieces of a text, as many as the model has positions for. */
  #encode(text: string): Int32Array {
    const { tokenizer, config, onTruncated } = this.#options;
    const longest = config.text.positions;
    const ids = tokenizer.encode(text, { maximum: longest + 1 });
    if (ids.length <= longest) return ids;
    onTruncated?.(text, longest);
    const kept = ids.slice(0, longest);
    kept[longest - 1] = tokenizer.vocabulary.special.separator;
    return kept;
  }
}

function matchOf(
  model: InferenceModel,
  { heads }: EmbedderParameters<Tensor>,
  { pixels, ids, lengths }: { pixels: Tensor; ids: Tensor; lengths: Tensor },
): Tensor {
  if (!heads) {
    throw new Error(
      "This model has no matching head, which tells whether an image and a text belong together. " +
        "Load a checkpoint of the pre-training model (FlavaForPreTraining).",
    );
  }
  const pair = pairOutputs(model, { pixels }, { ids, lengths }, { wanted: 1 });
  return matchProbability(heads, pair, model.precision);
}

const nameOf = ({ batch, length }: Portion): string => `${batch} x ${length}`;
const lengthsOf = (encoded: readonly Int32Array[]): number[] => encoded.map(({ length }) => length);

function textSpecs({ batch, length }: Portion): TextInputs {
  return { ids: spec([batch, length], "int32"), lengths: spec([batch], "int32") };
}

/** Filling samples are texts of one padding token. */
function wordsOf(
  encoded: readonly Int32Array[],
  { rows, batch, length }: Portion,
): { ids: Int32Array; lengths: Int32Array } {
  const ids = new Int32Array(batch * length);
  const lengths = new Int32Array(batch).fill(1);
  for (const [index, row] of rows.entries()) {
    ids.set(encoded[row]!, index * length);
    lengths[index] = encoded[row]!.length;
  }
  return { ids, lengths };
}

/** The shape of every image's view, [3, H, W]: programs are compiled for one. */
function fixedViewShape(
  { encoder }: ImageProcessor,
  { image }: FlavaConfig,
): readonly [number, number, number] {
  const isFixed = encoder.centerCrop ?? (encoder.resize && "height" in encoder.resize.size);
  const shape = viewShape({ width: image.size, height: image.size }, encoder);
  const [, height, width] = shape;
  if (isFixed && height % image.patch === 0 && width % image.patch === 0) return shape;
  throw new RangeError(
    `The image processor gives views of ${isFixed ? `${width} x ${height}` : "varying"} pixels, but this model reads ` +
      `images of one size that patches of ${image.patch} fill, such as ${image.size} x ${image.size}. ` +
      "Set size or crop_size in preprocessor_config.json.",
  );
}
