import { createHash } from "node:crypto";
import type { Abortable } from "../base/call-options.js";
import type { State } from "../backend/state.js";
import type { ImageProcessor } from "../data/image/processor.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import type { FlavaConfig } from "../model/config.js";

export interface FingerprintedModel {
  readonly config: FlavaConfig;
  readonly state: State;
  readonly tokenizer: Tokenizer;
  readonly processor: ImageProcessor;
}

/** Number of evenly spaced elements hashed per tensor: training changes all of them. */
const sampledElements = 256;

/**
 * Identifies a model by everything its embeddings depend on: sizes, image processor, vocabulary, and a sample of the
 * encoder weights. Copies in other directories or formats have the same fingerprint; any training changes it.
 */
export async function modelFingerprint(
  { config, state, tokenizer, processor }: FingerprintedModel,
  { signal }: Abortable = {},
): Promise<string> {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([config, processor, tokenizer.vocabulary.pieces]));
  for (const path of state.paths.filter((path) => path.startsWith("parameters/flava/"))) {
    signal?.throwIfAborted();
    const values = await state.read(path);
    const stride = Math.ceil(values.length / sampledElements);
    const sample = new Float32Array(Math.ceil(values.length / stride));
    for (const index of sample.keys()) sample[index] = values[index * stride]!;
    hash.update(path).update(sample);
  }
  return hash.digest("hex").slice(0, 32);
}
