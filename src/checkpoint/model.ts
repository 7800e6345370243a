import type { State } from "../backend/state.js";
import type { ImageProcessor } from "../data/image/processor.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import type { Codebook } from "../model/codebook.js";
import type { CodebookDecoder } from "../model/codebook-decoder.js";
import type { FlavaConfig } from "../model/config.js";
import type { Flava, PretrainingHeads } from "../model/flava.js";
import type { Task } from "../model/task.js";
import type { TaskHead } from "../model/task-head.js";
import type { Parameter } from "../nn/parameter.js";
import type { WeightDtype } from "./huggingface-config.js";
import type { JsonObject } from "./files/json.js";

/** The parameters of a checkpoint; only the encoders and projections are always present. */
export interface ModelParameters<T> {
  /** Encoders and projections. */
  readonly flava: Flava<T>;
  /** Heads of masked words, masked patches and matching. */
  readonly heads?: PretrainingHeads<T>;
  /** The dVAE's encoder: images to visual tokens. */
  readonly codebook?: Codebook<T>;
  /** The dVAE's decoder: visual tokens to images. */
  readonly decoder?: CodebookDecoder<T>;
  /** Of a fine-tuned model. */
  readonly head?: TaskHead<T>;
}

/** A whole model, as read by `loadModel` and written by `saveModel`. */
export interface Model {
  /** Where it was loaded from. */
  readonly path: string;
  /** Sizes. */
  readonly config: FlavaConfig;
  /** The weights, at paths such as "parameters/flava/image/cls". */
  readonly state: State<{ readonly parameters: ModelParameters<Parameter> }>;
  /** Texts to word pieces. */
  readonly tokenizer: Tokenizer;
  /** Images to pixels. */
  readonly processor: ImageProcessor;
  /** The dtype of the stored weights; float32 if they are mixed or wider. */
  readonly dtype: WeightDtype;
  /** What it was fine-tuned for, if it was. */
  readonly task?: Task | undefined;
  /** Its original config.json, if any. */
  readonly source?: JsonObject | undefined;
}
