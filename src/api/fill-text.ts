/** Predicts masked word pieces from the rest of a text and, optionally, an image. */
import type { Abortable } from "../base/call-options.js";
import { type Program, compile } from "../backend/program.js";
import type { Image } from "../data/image/image.js";
import { pixelsOf, viewShape } from "../data/image/processor.js";
import { gatherRows } from "../graph/ops/gather.js";
import { reshape } from "../graph/ops/reshape.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { textOf } from "../model/multimodal-encoder.js";
import { pairOutputs, textOutputs, tokenProbabilities } from "../model/outputs.js";
import type { TracedModel } from "../model/traced-model.js";
import { bucketsOf } from "../inference/buckets.js";
import { CallQueue } from "../base/call-queue.js";
import { ProgramCache } from "../inference/program-cache.js";
import { highest, rowOf } from "../inference/similarity.js";
import type { ModelParameters } from "../checkpoint/model.js";
import type { ImageInput } from "./image-input.js";
import type { LoadedModel } from "./model.js";

/** A text with one or more [MASK] and the image it describes. */
export interface MaskedPair {
  /** What is known of the caption, with [MASK] for each hidden word piece. */
  readonly text: string;
  /** The image that it describes. */
  readonly image: ImageInput;
}

/** A word piece predicted for a mask; a leading "##" marks a word continuation. */
export interface Candidate {
  /** The piece as the vocabulary has it, such as "cat" or "##s". */
  readonly piece: string;
  /** Probability among all pieces of the vocabulary. */
  readonly probability: number;
}

/** A text without masks, and what else could be there. */
export interface FilledText {
  /** The text with each mask replaced by the best piece; in lower case if the vocabulary is uncased. */
  readonly text: string;
  /** The candidates for each [MASK], in order, best first. */
  readonly masks: readonly (readonly Candidate[])[];
}

/** How much is said of each mask. */
export interface FillTextOptions {
  /** Number of candidates per mask; default: 5. */
  readonly top?: number;
}

type Inputs = {
  readonly ids: TensorSpec;
  readonly lengths: TensorSpec;
  /** Positions of the masks, padded with -1. */
  readonly positions: TensorSpec;
  readonly pixels?: TensorSpec;
};
type Traced = { readonly [K in keyof Inputs]: Tensor };

/** Number of masks predicted per run. */
const masksPerRun = 16;

export class TextFiller {
  readonly #model: LoadedModel;
  readonly #programs = new ProgramCache<Program<Inputs, { probabilities: Tensor }>>();
  readonly #queue = new CallQueue();

  constructor(model: LoadedModel) {
    this.#model = model;
  }

  /** Predicts all masks of a text independently of each other. */
  fill(
    text: string,
    image: Image | undefined,
    options: FillTextOptions & Abortable,
  ): Promise<FilledText> {
    return this.#queue.run(() => this.#fill(text, image, options));
  }

  async close(): Promise<void> {
    await this.#queue.idle();
    this.#programs.dispose();
  }

  async #fill(
    text: string,
    image: Image | undefined,
    { top = 5, signal }: FillTextOptions & Abortable,
  ): Promise<FilledText> {
    if (!Number.isSafeInteger(top) || top < 1)
      throw new RangeError(`Expected a number of candidates >= 1, but got ${top}.`);
    const { tokenizer, config } = this.#model;
    const { vocabulary } = tokenizer;
    const ids = tokenizer.encode(text);
    const positions = [...ids.keys()].filter((index) => ids[index] === vocabulary.special.mask);
    requireFillable(text, ids.length, positions.length, tokenizer.longest(config.text.positions));
    const masks: Candidate[][] = [];
    for (let first = 0; first < positions.length; first += masksPerRun) {
      const some = positions.slice(first, first + masksPerRun);
      const probabilities = await this.#probabilities(ids, some, image, signal);
      const size = probabilities.length / masksPerRun;
      for (const index of some.keys()) {
        masks.push(this.#candidates(rowOf(probabilities, index, size), top));
      }
    }
    const filled = Array.from(ids);
    for (const [index, position] of positions.entries()) {
      filled[position] = vocabulary.ids.get(masks[index]![0]!.piece)!;
    }
    return { text: tokenizer.decode(filled), masks };
  }

  /** The most probable pieces, excluding special ones such as [CLS]. */
  #candidates(probabilities: Float32Array, top: number): Candidate[] {
    const { pieces, ordinary } = this.#model.tokenizer.vocabulary;
    const own = Float32Array.from(ordinary, (id) => probabilities[id]!);
    return highest(own, top).map((index) => ({
      piece: pieces[ordinary[index]!]!,
      probability: own[index]!,
    }));
  }

  /** Probabilities of all pieces at each position: float32 [masksPerRun, V]. */
  async #probabilities(
    ids: Int32Array,
    positions: readonly number[],
    image: Image | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const { config, processor } = this.#model;
    const [bucket] = bucketsOf([ids.length], { batch: 1, longest: config.text.positions });
    const { length } = bucket!;
    const program = this.#programs.get(`${length} ${image ? "with" : "without"} image`, () =>
      this.#compile(length, image !== undefined),
    );
    const padded = new Int32Array(length);
    padded.set(ids);
    const places = new Int32Array(masksPerRun).fill(-1);
    places.set(positions);
    const inputs = {
      ids: padded,
      lengths: Int32Array.of(ids.length),
      positions: places,
      ...(image && { pixels: pixelsOf(image, processor) }),
    };
    const { probabilities } = await program.run(inputs, { signal });
    return probabilities as Float32Array;
  }

  #compile(length: number, withImage: boolean): Program<Inputs, { probabilities: Tensor }> {
    const { config, state, processor, precision } = this.#model;
    const { size } = config.image;
    const shape = viewShape({ width: size, height: size }, processor.encoder);
    const inputs: Inputs = {
      ids: spec([1, length], "int32"),
      lengths: spec([1], "int32"),
      positions: spec([masksPerRun], "int32"),
      ...(withImage && { pixels: spec([1, ...shape]) }),
    };
    return compile({ state, inputs }, ({ parameters }, given) => {
      const model = { config, parameters, precision };
      return { outputs: { probabilities: probabilitiesOf(model, parameters, given) } };
    });
  }
}

function probabilitiesOf(
  model: TracedModel,
  { heads }: ModelParameters<Tensor>,
  { ids, lengths, positions, pixels }: Traced,
): Tensor {
  if (!heads) {
    throw new Error(
      "This model has no heads for masked words. Load a checkpoint of the pre-training model (FlavaForPreTraining).",
    );
  }
  const text = { ids, lengths };
  const [, length = 0] = ids.shape;
  const sequence = pixels
    ? textOf(pairOutputs(model, { pixels }, text).sequence, length)
    : textOutputs(model, text).sequence; // [1, L, D]
  const rows = reshape(sequence, [length, sequence.shape.at(-1) ?? 0]);
  const head = pixels ? heads.mmmText : heads.mlm;
  return tokenProbabilities(model, head, gatherRows(rows, positions));
}

function requireFillable(text: string, length: number, masks: number, longest: number): void {
  const shown = JSON.stringify(text.slice(0, 60));
  if (masks === 0) {
    throw new RangeError(`${shown} has nothing to fill: write [MASK] for every hidden word piece.`);
  }
  if (length > longest) {
    throw new RangeError(
      `${shown} ... has ${length} tokens, but this model reads ${longest}. Give a shorter text.`,
    );
  }
}
