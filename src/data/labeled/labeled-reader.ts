/** Turns plans of labeled samples into batches: decodes images, makes views, tokens and targets. */
import { foldIn } from "../../base/random.js";
import { mapLimited } from "../../base/map-limited.js";
import { sizeOf } from "../../graph/tensor.js";
import { NoUsableSampleError, SkippedSamples } from "../batch/skipped.js";
import type { Image } from "../image/image.js";
import { type ImageProcessor, viewShape, writePixels } from "../image/processor.js";
import { type TrainingViewOptions, writeTrainingPixels } from "../image/views.js";
import type { LabeledSample } from "../labeled-sample.js";
import { Tokenizer, type TokenizerSettings } from "../text/tokenizer.js";
import type { Vocabulary } from "../text/vocabulary.js";
import { type LabeledBatch, type TaskSizes, packEncoded } from "./labeled-batch.js";
import { type Labels, targetValues } from "./labels.js";
import type { LabeledPlan } from "./shuffled-samples.js";
import { decodeSample } from "./stored-image.js";

/** What of labeled samples is read, and how. */
export interface LabeledReaderOptions {
  /** The meaning of the head's outputs. */
  readonly labels: Labels;
  /** For texts. */
  readonly texts?: {
    readonly vocabulary: Vocabulary;
    readonly settings: TokenizerSettings;
    /** Ascending lengths that batches are padded to; longer texts are truncated to the last one. */
    readonly lengths: readonly number[];
    readonly pairs: boolean;
  };
  /** For images. */
  readonly images?: {
    readonly processor: ImageProcessor;
    /** Random crops and flips; default: the processor's view. */
    readonly views?: TrainingViewOptions;
  };
}

/** Images decoded at a time. */
const concurrentImages = 8;

export class LabeledReader {
  readonly #tokenizer: Tokenizer | undefined;

  private constructor(private readonly options: LabeledReaderOptions) {
    const { texts } = options;
    this.#tokenizer = texts && new Tokenizer(texts.vocabulary, texts.settings);
  }

  static open(options: LabeledReaderOptions): Promise<LabeledReader> {
    return Promise.resolve(new LabeledReader(options));
  }

  /**
   * Reads a batch. A sample whose image cannot be used is replaced by another one of the batch.
   * @throws NoUsableSampleError if no image of the batch can be used
   */
  async read(
    plan: LabeledPlan,
  ): Promise<{ readonly batch: LabeledBatch; readonly skipped: SkippedSamples }> {
    const skipped = new SkippedSamples();
    const { samples, images } = await this.#decoded(plan.samples, skipped);
    const pixels = images && this.#pixels(images, plan);
    const texts = this.#texts(samples);
    const sizes: TaskSizes = { samples: samples.length, ...pixels?.sizes, ...texts?.sizes };
    const target = targetValues(
      this.options.labels,
      samples.map((sample) => sample.target),
    );
    return {
      batch: { sizes, tensors: { ...pixels?.tensors, ...texts?.tensors, target } },
      skipped,
    };
  }

  /** Nothing stays open. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #decoded(
    samples: readonly LabeledSample[],
    skipped: SkippedSamples,
  ): Promise<{ readonly samples: readonly LabeledSample[]; readonly images?: readonly Image[] }> {
    if (!this.options.images) return { samples };
    const decoded = await mapLimited(samples, concurrentImages, (sample) =>
      decodeSample(sample, skipped),
    );
    const whole = samples.flatMap((sample, slot) => {
      const image = decoded[slot];
      return image ? [{ sample, image }] : [];
    });
    if (whole.length === 0) {
      throw new NoUsableSampleError(
        `A batch has no image that can be used: ${skipped.summary(0)}.`,
      );
    }
    const filled = samples.map((sample, slot) => {
      const image = decoded[slot];
      return image ? { sample, image } : whole[slot % whole.length]!;
    });
    return {
      samples: filled.map(({ sample }) => sample),
      images: filled.map(({ image }) => image),
    };
  }

  #pixels(images: readonly Image[], { key, first = 0 }: LabeledPlan) {
    const { processor, views } = this.options.images!;
    const shape = viewShape({ width: 1, height: 1 }, processor.encoder); // of one size for all
    const size = sizeOf(shape);
    const pixels = new Float32Array(images.length * size);
    for (const [slot, image] of images.entries()) {
      const offset = slot * size;
      const own = foldIn(key, first + slot);
      if (!views) writePixels(image, processor, pixels, offset);
      else writeTrainingPixels(image, own, processor, views, pixels, offset);
    }
    return { sizes: { pixels: shape }, tensors: { pixels } };
  }

  #texts(samples: readonly LabeledSample[]) {
    const { texts } = this.options;
    if (!texts || !this.#tokenizer) return undefined;
    const { lengths, pairs } = texts;
    const longest = lengths.at(-1)!;
    const encoded = samples.map(({ text = "", textPair }) =>
      this.#tokenizer!.encodePair(text, pairs ? (textPair ?? "") : undefined, longest),
    );
    const needed = Math.max(...encoded.map(({ ids }) => ids.length));
    const length = lengths.find((each) => each >= needed) ?? longest;
    return {
      sizes: { length, pairs },
      tensors: packEncoded(encoded, { rows: samples.length, length, pairs }),
    };
  }
}
