/** The common part of all evaluators: embeds the images of a source and reads what is needed of each sample. */
import type { Backend } from "../../backend/backend.js";
import type { Key } from "../../base/random.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { Source } from "../../data/formats/source.js";
import type { DecodeOptions } from "../../data/image/decode.js";
import type { Sample } from "../../data/sample.js";
import { embedSamples } from "../../inference/embed-samples.js";
import type { Embedder } from "../../inference/embedder.js";
import { concatenated } from "../../inference/similarity.js";

export interface EvaluateOptions {
  /** Random key for bootstrap intervals, and for a probe's split without a validation part; default: `keyOf(0)`. */
  readonly key?: Key;
  readonly decode?: DecodeOptions;
  /** Called with the number of samples done, including those left out, and that of all samples once it is known. */
  readonly onProgress?: (samples: number, total?: number) => void;
  /** Stops the evaluation: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The model that is evaluated, and how. */
export interface EvaluatorContext extends Omit<EvaluateOptions, "onProgress"> {
  readonly embedder: Embedder;
  readonly backend: Backend;
  readonly key: Key;
  /** Called with the number of samples done since the last call. */
  readonly advance: (samples: number) => void;
}

/** What the results of all evaluators have in common. */
export interface EvaluatedImages {
  /** The sample key of each image. */
  readonly keys: readonly string[];
  /** Image embeddings, or features for a probe: float32 [N, width]. */
  readonly images: Float32Array;
  readonly skipped: SkippedSamples;
}

/** Why a sample is not evaluated, as the predicate of a sentence: "has no label". */
export class NotEvaluated {
  constructor(readonly reason: string) {}
}

/**
 * Embeds the images of `source`.
 *
 * @param kind `vectors`: embeddings in the contrastive space; `features`: the image encoder's, for probes
 * @param read what the evaluator needs of a sample besides its image, or why the sample is skipped
 * @returns the embedded images, and in `kept` the result of `read` for each of them
 * @throws NoUsableSampleError if no sample can be used
 */
export async function embedImages<T>(
  source: Source,
  kind: "vectors" | "features",
  {
    embedder,
    decode,
    signal,
    advance,
    skipped = new SkippedSamples(),
  }: EvaluatorContext & { readonly skipped?: SkippedSamples },
  read: (sample: Sample) => T | NotEvaluated,
): Promise<EvaluatedImages & { readonly kept: T[] }> {
  const [keys, kept, vectors]: [string[], T[], Float32Array[]] = [[], [], []];
  const earlier = skipped.total;
  let done = 0;
  const options = { images: kind, skipped, ...(decode && { decode }), ...(signal && { signal }) };
  for await (const embedded of embedSamples(embedder, source.read(skipped), options)) {
    for (const { sample, image } of embedded) {
      const taken = image ? read(sample) : new NotEvaluated("has no image");
      if (taken instanceof NotEvaluated) {
        skipped.add(sample.key, image ? "unwanted" : "missing", `It ${taken.reason}.`);
      } else {
        keys.push(sample.key);
        kept.push(taken);
        vectors.push(image!);
      }
    }
    advance(keys.length + skipped.total - earlier - done);
    done = keys.length + skipped.total - earlier;
  }
  skipped.requireUsed(source.name, keys.length);
  return { keys, kept, images: concatenated(vectors), skipped };
}
