/** What tells the embeddings of models apart. This file also loads in browsers. */
import type { Abortable } from "../base/call-options.js";
import type { State } from "../backend/state.js";
import type { ImageProcessor } from "../data/image/processor.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import type { FlavaConfig } from "../model/config.js";

/** What embeddings depend on. */
export interface FingerprintedModel {
  /** Sizes. */
  readonly config: FlavaConfig;
  /** The weights. */
  readonly state: State;
  /** Texts to word pieces. */
  readonly tokenizer: Tokenizer;
  /** Images to pixels. */
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
  const parts: (string | Float32Array<ArrayBuffer>)[] = [
    JSON.stringify([config, processor, tokenizer.vocabulary.pieces]),
  ];
  for (const path of state.paths.filter((path) => path.startsWith("parameters/flava/"))) {
    signal?.throwIfAborted();
    const values = await state.read(path);
    const stride = Math.ceil(values.length / sampledElements);
    const sample = new Float32Array(Math.ceil(values.length / stride));
    for (const index of sample.keys()) sample[index] = values[index * stride]!;
    parts.push(path, sample);
  }
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  return Array.from(new Uint8Array(digest, 0, 16), hexadecimal).join("");
}

const hexadecimal = (byte: number): string => byte.toString(16).padStart(2, "0");
