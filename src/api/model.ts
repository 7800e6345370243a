import type { Backend } from "../backend/backend.js";
import type { State } from "../backend/state.js";
import type { ImageProcessor } from "../data/image/processor.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import type { Codebook } from "../model/codebook.js";
import type { CodebookDecoder } from "../model/codebook-decoder.js";
import type { FlavaConfig } from "../model/config.js";
import type { Flava, PretrainingHeads } from "../model/flava.js";
import type { Parameter } from "../nn/parameter.js";
import type { Precision } from "../nn/precision.js";

/** What a checkpoint may hold; only the encoders and projections are always there. */
export interface ModelParameters<T> {
  readonly flava: Flava<T>;
  readonly heads?: PretrainingHeads<T>;
  readonly codebook?: Codebook<T>;
  readonly decoder?: CodebookDecoder<T>;
}

/** A model in memory with all that is needed to use it. */
export interface LoadedModel {
  /** Where it was loaded from. */
  readonly path: string;
  readonly config: FlavaConfig;
  readonly state: State<{ readonly parameters: ModelParameters<Parameter> }>;
  readonly backend: Backend;
  readonly tokenizer: Tokenizer;
  readonly processor: ImageProcessor;
  readonly precision: Precision;
}
