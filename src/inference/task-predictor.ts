import type { CallOptions } from "../base/call-options.js";
import type { Communicator } from "../backend/communicator.js";
import { type Program, compile } from "../backend/program.js";
import type { State } from "../backend/state.js";
import { withImageSize } from "../data/image/fitted-processor.js";
import type { ImageProcessor } from "../data/image/processor.js";
import {
  type TaskSizes,
  type TaskTensors,
  packEncoded,
  sizesKey,
  taskSpecs,
} from "../data/labeled/labeled-batch.js";
import type { EncodedText, Tokenizer } from "../data/text/tokenizer.js";
import { sigmoid } from "../graph/ops/elementwise.js";
import { softmax } from "../graph/ops/softmax.js";
import type { Tensor, TensorSpec } from "../graph/tensor.js";
import type { FlavaConfig } from "../model/config.js";
import type { Task } from "../model/task.js";
import { type FlavaForTask, taskOutputs } from "../model/task-model.js";
import type { Parameter } from "../nn/parameter.js";
import type { Precision } from "../nn/precision.js";
import { type Bucket, bucketsOf } from "./buckets.js";
import { CallQueue } from "../base/call-queue.js";
import { type ImageOrPixels, type ViewShape, fixedViewShape, packImages } from "./inputs.js";
import { ProgramCache } from "./program-cache.js";
import { runBuckets } from "./run-buckets.js";

export interface TaskPredictorOptions {
  readonly config: FlavaConfig;
  readonly state: State<{ readonly parameters: FlavaForTask<Parameter> }>;
  readonly tokenizer: Tokenizer;
  readonly processor: ImageProcessor;
  readonly task: Task;
  /** Default: "float32". */
  readonly precision?: Precision;
  /** Largest batch size; default: 32. */
  readonly batch?: number;
  /** Called for every text, or pair, that is too long, with the number of tokens that are read. */
  readonly onTruncated?: (text: string, tokens: number) => void;
}

/** What a model answers: an image, a text, a pair of texts, or an image with them, as its task asks for. */
export interface Question<I = ImageOrPixels> {
  /** The image, if the task reads one. */
  readonly image?: I;
  /** The text, or the first one of a pair. */
  readonly text?: string;
  /** The second text of a pair. */
  readonly textPair?: string;
}

/**
 * Predicts with the head of a fine-tuned model (flava.md 8.3). The result of a question depends neither on the batch size
 * nor on the other questions.
 */
export class TaskPredictor {
  readonly #options: Required<Pick<TaskPredictorOptions, "precision" | "batch">> &
    TaskPredictorOptions;
  readonly #processor: ImageProcessor;
  readonly #viewShape: ViewShape | undefined;
  readonly #programs = new ProgramCache<Program<TaskTensors<TensorSpec>, { result: Tensor }>>();
  readonly #queue = new CallQueue();

  constructor(options: TaskPredictorOptions) {
    const { precision = "float32", batch = 32, task, config, processor } = options;
    this.#options = { ...options, precision, batch };
    const { imageSize } = task;
    this.#processor = imageSize === undefined ? processor : withImageSize(processor, imageSize);
    if (task.encoder !== "text") this.#viewShape = fixedViewShape(this.#processor, config);
  }

  /** What is predicted, and from what. */
  get task(): Task {
    return this.#options.task;
  }

  /** Prepares images for the task's encoder. */
  get processor(): ImageProcessor {
    return this.#processor;
  }

  /** The processes among which predictions may be dealt; undefined if there is only this one, or all make all of them. */
  get processes(): Communicator | undefined {
    return this.#options.state.dealtAmong;
  }

  /** Whether questions need an image. */
  get readsImages(): boolean {
    return this.#options.task.encoder !== "text";
  }

  /**
   * The outputs of the head for each question: probabilities of the classes or answers, float32 [C], or a standardized
   * value, float32 [1].
   * @throws TypeError if a question lacks what the task reads
   */
  async outputs(
    questions: readonly Question[],
    options: CallOptions = {},
  ): Promise<Float32Array[]> {
    const { signal } = options;
    for (const question of questions) this.require(question);
    const { batch, task, onTruncated } = this.#options;
    const encoded = questions.map((question) => this.#encode(question));
    for (const [index, text] of encoded.entries())
      if (text?.truncated) onTruncated?.(questions[index]!.text!, task.maximumTokens);
    const lengths = encoded.map((text) => text?.ids.length ?? 1);
    const buckets = bucketsOf(lengths, { batch, longest: task.maximumTokens });
    return this.#queue.run(() =>
      runBuckets(
        buckets,
        (bucket) => {
          const sizes = this.#sizesOf(bucket);
          const program = this.#programs.get(sizesKey(sizes), () => this.#compile(sizes));
          return program.run(this.#pack(questions, encoded, bucket), { signal });
        },
        options,
      ),
    );
  }

  /** Frees the compiled programs, but not the state. */
  async close(): Promise<void> {
    await this.#queue.idle();
    this.#programs.dispose();
  }

  /** @throws TypeError if a question lacks what the task reads */
  require({ image, text, textPair }: Question<unknown>): void {
    const { encoder, pairs } = this.#options.task;
    const lacks =
      encoder !== "text" && image === undefined
        ? "an image"
        : encoder !== "image" && text === undefined
          ? "a text"
          : pairs && textPair === undefined
            ? "the second text of a pair"
            : undefined;
    if (lacks !== undefined) throw new TypeError(`This model also reads ${lacks}.`);
  }

  /** @throws TypeError if a question lacks what the task reads, or has what it does not read */
  requireOnly(question: Question<unknown>): void {
    this.require(question);
    const { encoder, pairs } = this.#options.task;
    const { image, text, textPair } = question;
    const unread =
      encoder === "text" && image !== undefined
        ? "image"
        : encoder === "image" && (text ?? textPair) !== undefined
          ? "text"
          : !pairs && textPair !== undefined
            ? "second text"
            : undefined;
    if (unread !== undefined) throw new TypeError(`This model reads no ${unread}: leave it out.`);
  }

  /** Whether the text of a question, or its pair, has more tokens than are read. */
  isTooLong(question: Question<unknown>): boolean {
    return this.#encode(question)?.truncated ?? false;
  }

  #encode({ text, textPair }: Question<unknown>): EncodedText | undefined {
    const { task, tokenizer } = this.#options;
    if (task.encoder === "image") return undefined;
    const pair = task.pairs ? textPair : undefined;
    return tokenizer.encodePair(text!, pair, task.maximumTokens);
  }

  #sizesOf({ batch, length }: Bucket): TaskSizes {
    const { encoder, pairs } = this.#options.task;
    return {
      samples: batch,
      ...(this.#viewShape && { pixels: this.#viewShape }),
      ...(encoder !== "image" && { length, pairs }),
    };
  }

  #pack(
    questions: readonly Question[],
    encoded: readonly (EncodedText | undefined)[],
    bucket: Bucket,
  ): { pixels?: Float32Array; ids?: Int32Array; lengths?: Int32Array; types?: Int32Array } {
    const { batch: rows, length } = bucket;
    const texts = bucket.rows.flatMap((row) => encoded[row] ?? []);
    const { encoder, pairs } = this.#options.task;
    return {
      ...(this.#viewShape &&
        packImages(
          questions.map(({ image }) => image!),
          bucket,
          this.#processor,
          this.#viewShape,
        )),
      ...(encoder !== "image" && packEncoded(texts, { rows, length, pairs })),
    };
  }

  #compile(sizes: TaskSizes): Program<TaskTensors<TensorSpec>, { result: Tensor }> {
    const { state, config, precision, task } = this.#options;
    return compile({ state, inputs: taskSpecs(sizes) }, ({ parameters }, inputs) => {
      const scores = taskOutputs({ config, parameters, precision }, task.encoder, inputs);
      const { kind } = task.labels;
      const result =
        kind === "class" ? softmax(scores) : kind === "scores" ? sigmoid(scores) : scores;
      return { outputs: { result } };
    });
  }
}
