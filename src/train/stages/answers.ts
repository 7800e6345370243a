/** The answers that the losses of batches ask for, counted. */
import { type Program, compile } from "../../backend/program.js";
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { batchSpecs } from "../../data/batch/batch-specs.js";
import type { MaskedImages, MaskedTexts } from "../../data/batch/batch.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import { addTo } from "../../eval/baseline.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import { ProgramCache } from "../../inference/program-cache.js";
import type { FlavaConfig } from "../../model/config.js";
import type { FlavaForPretraining } from "../../model/flava.js";
import type { Precision } from "../../nn/precision.js";
import { imageTargets } from "../../objective/masked-image.js";
import type { LossName, LossWeights } from "../../objective/objectives.js";

type ImageLoss = "mim" | "mmmImage";

/** A loss with an accuracy, or one on images for patches with ink alone. */
export type Question = Exclude<LossName, "contrastive"> | `${ImageLoss} ink`;

/** How often each answer occurs, by question. */
export type Answers = Map<Question, Map<number, number>>;

export interface CounterOptions {
  readonly state: State<{ readonly parameters: FlavaForPretraining<TensorSpec> }>;
  readonly config: FlavaConfig;
  readonly precision: Precision;
  /** Losses of weight 0 are not counted. */
  readonly losses: LossWeights;
}

type Views<T> = Required<Pick<MaskedImages<T>, "codebookPixels" | "positions" | "hidden">>;

/** Counts the answers of batches; visual tokens are those of the state's codebook. */
export class AnswerCounter {
  readonly answers: Answers = new Map();
  readonly #programs = new ProgramCache<Program<unknown, unknown>>();

  constructor(private readonly options: CounterOptions) {}

  /** Counts the answers that a batch holds: words and matches. */
  addWordsAndMatches(batch: CollatedBatch): void {
    if (batch.kind === "text") this.#addWords("mlm", batch, () => true);
    if (batch.kind !== "pair") return;
    if (this.counts("itm")) for (const match of batch.match) this.#count("itm", match);
    this.#addWords("mmmText", batch, matchedSamples(batch.match));
  }

  /** Counts all word pieces of texts as answers to `question`, and returns their number. */
  addPieces(question: Question, { maskedIds, lengths, targets }: MaskedTexts<Values>): number {
    const ids = Int32Array.from(maskedIds);
    for (const [index, position] of targets.positions.entries()) {
      if (position >= 0) ids[position] = targets.labels[index]!;
    }
    const padded = ids.length / lengths.length;
    let pieces = 0;
    for (const [sample, length] of lengths.entries()) {
      const first = sample * padded + 1; // after [CLS], and without [SEP]
      for (const id of ids.subarray(first, first + length - 2)) this.#count(question, id);
      pieces += length - 2;
    }
    return pieces;
  }

  dispose(): void {
    this.#programs.dispose();
  }

  counts(loss: LossName): boolean {
    return (this.options.losses[loss] ?? 1) > 0;
  }

  #count(question: Question, answer: number): void {
    const counts = this.answers.get(question) ?? new Map<number, number>();
    this.answers.set(question, counts);
    addTo(counts, answer);
  }

  #addWords(
    question: "mlm" | "mmmText",
    { maskedIds, lengths, targets }: MaskedTexts<Values>,
    counts: (sample: number) => boolean,
  ): void {
    if (!this.counts(question)) return;
    const padded = maskedIds.length / lengths.length;
    for (const [index, position] of targets.positions.entries()) {
      const isCounted = position >= 0 && counts(Math.floor(position / padded));
      if (isCounted) this.#count(question, targets.labels[index]!);
    }
  }

  /** Counts the visual tokens at the hidden patches of a batch, which the codebook computes. */
  async addTokens(batch: Extract<CollatedBatch, { kind: "image" | "pair" }>): Promise<void> {
    const question: ImageLoss = batch.kind === "pair" ? "mmmImage" : "mim";
    const counts = batch.kind === "pair" ? matchedSamples(batch.match) : () => true;
    if (!this.counts(question) || !batch.codebookPixels) return;
    const { codebookPixels, positions, hidden } = batch;
    const program = this.#program(batch);
    const { labels, ink } = (await program.run({ codebookPixels, positions, hidden })) as Readonly<
      Record<"labels" | "ink", Values>
    >;
    const patches = hidden.length / batch.sizes.samples;
    for (const [index, position] of positions.entries()) {
      if (position < 0 || !counts(Math.floor(position / patches))) continue;
      this.#count(question, labels[index]!);
      if (ink[index] === 1) this.#count(`${question} ink`, labels[index]!);
    }
  }

  /** One program serves images and pairs of the same shapes. */
  #program({ sizes }: CollatedBatch): Program<unknown, unknown> {
    const { codebookPixels, positions, hidden } = batchSpecs(sizes) as Views<TensorSpec>;
    const name = [codebookPixels, positions, hidden].map(({ shape }) => shape.join("x")).join(" ");
    return this.#programs.get(name, () => this.#compile({ codebookPixels, positions, hidden }));
  }

  #compile(inputs: Views<TensorSpec>): Program<unknown, unknown> {
    const { state, config, precision } = this.options;
    return compile({ state, inputs }, ({ parameters }, given) => {
      const { codebook } = parameters as FlavaForPretraining<Tensor>;
      const { labels, ink } = imageTargets({ config, precision, parameters: { codebook } }, given);
      return { outputs: { labels, ink: ink! } };
    });
  }
}

/** The samples whose masked targets count: matching pairs, or all if none matches (flava.md 3.6). */
function matchedSamples(match: Values): (sample: number) => boolean {
  const none = !match.includes(1);
  return (sample) => none || match[sample] === 1;
}
