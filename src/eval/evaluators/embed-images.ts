/** The common part of all evaluators: embeds images and texts, and reads what is needed of each sample. */
import type { Backend } from "../../backend/backend.js";
import type { Key } from "../../base/random.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { SampleSource } from "../../data/formats/source.js";
import type { DecodeOptions } from "../../data/image/decode.js";
import type { Sample } from "../../data/sample.js";
import { embedSamples } from "../../inference/embed-samples.js";
import type { Embedder } from "../../inference/embedder.js";
import type { PooledFeatures } from "../../model/features.js";
import type { SearchOptions } from "../probe/search.js";
import { gradientHistogram } from "../baselines/gradient-histogram.js";
import { type EmbeddingStore, digestOf, memoryStore } from "../embedding-store.js";

/** How a set is evaluated, and how that is stopped and followed. */
export interface EvaluateOptions {
  /** Random key for bootstrap intervals, and for a probe's split without a validation part; default: `keyOf(0)`. */
  readonly key?: Key;
  /** How images are decoded. */
  readonly decode?: DecodeOptions;
  /** Called with the number of samples done, including those left out, and that of all samples once it is known. */
  readonly onProgress?: (samples: number, total?: number) => void;
  /** Stops the evaluation: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Where embeddings are kept, and looked up before anything is embedded; default: in memory, for one evaluation. */
  readonly stores?: EmbeddingStores;
  /** Which features a probe reads; default: the class token after the last layer (flava.md 8.4). */
  readonly features?: PooledFeatures;
  /** Progress and limits of the search for a probe's regularization. */
  readonly probe?: Omit<SearchOptions, "signal">;
}

/** Embeddings of one model by their kind. */
export interface EmbeddingStores {
  /** Images in the contrastive space. */
  readonly vectors: EmbeddingStore;
  /** What the image encoder gives for probes. */
  readonly features: EmbeddingStore;
  /** Texts in the contrastive space. */
  readonly texts: EmbeddingStore;
  /** Gradient histograms of the images that `features` has, for a baseline; default: none are made. */
  readonly gradients?: EmbeddingStore;
}

export const memoryStores = ({ width, featureWidth }: Embedder): EmbeddingStores => ({
  vectors: memoryStore(width),
  features: memoryStore(featureWidth),
  texts: memoryStore(width),
});

/** The model that is evaluated, and how. */
export interface EvaluatorContext extends Omit<EvaluateOptions, "onProgress"> {
  readonly embedder: Embedder;
  readonly backend: Backend;
  readonly key: Key;
  readonly stores: EmbeddingStores;
  /** Whether a sample that cannot be used is an error; default: it is left out, and counted. */
  readonly requireAll?: boolean;
  /** Called with the number of samples done since the last call. */
  readonly advance: (samples: number) => void;
}

/** What the results of all evaluators have in common. */
export interface EvaluatedImages {
  /** The sample key of each image. */
  readonly keys: readonly string[];
  /** Samples that could not be used, with reasons. */
  readonly skipped: SkippedSamples;
}

/** Why a sample is not evaluated, as the predicate of a sentence: "has no label". */
export class NotEvaluated {
  constructor(readonly reason: string) {}
}

/** Images whose embeddings are in a store. */
interface EmbeddedImages<T> extends EvaluatedImages {
  /** Of each image, by which stores find its row. */
  readonly digests: readonly string[];
  /** The result of `read` for each image. */
  readonly kept: T[];
}

/** Samples found in a store before progress is reported. */
const samplesPerReport = 256;

/**
 * Embeds the images of `source` that are not in the store of their kind. Each is decoded once, also for its gradient histogram.
 *
 * @param read what the evaluator needs of a sample besides its image, or why the sample is skipped
 * @returns the images that could be embedded, in order
 * @throws NoUsableSampleError if no sample can be used; UnusableSamplesError if all are required, and one cannot
 */
export async function embedImages<T>(
  source: SampleSource,
  kind: "vectors" | "features",
  context: EvaluatorContext & { readonly skipped?: SkippedSamples },
  read: (sample: Sample) => T | NotEvaluated,
): Promise<EmbeddedImages<T>> {
  const { embedder, stores, decode, signal, advance, skipped = new SkippedSamples() } = context;
  const store = stores[kind];
  const gradients = kind === "features" ? stores.gradients : undefined;
  const isKept = (digest: string): boolean =>
    [store, ...(gradients ? [gradients] : [])].every((each) => each.rowOf(digest) !== undefined);
  const items: { readonly key: string; readonly kept: T; readonly digest: string }[] = [];
  const earlier = skipped.total;
  let [embeddable, reported] = [0, 0];
  const report = (): void => {
    const done = embeddable + skipped.total - earlier;
    if (done > reported) advance(done - reported);
    reported = done;
  };
  async function* missing(): AsyncGenerator<Sample & { readonly digest: string }> {
    for await (const sample of source.read(skipped)) {
      signal?.throwIfAborted();
      const kept = sample.image ? read(sample) : new NotEvaluated("has no image");
      if (kept instanceof NotEvaluated) {
        skipped.add(sample, sample.image ? "unwanted" : "missing", `It ${kept.reason}.`);
        continue;
      }
      const digest = digestOf(sample.image!, JSON.stringify(decode ?? {}));
      items.push({ key: sample.key, kept, digest });
      if (!isKept(digest)) yield { ...sample, digest };
      else if (++embeddable % samplesPerReport === 0) report();
    }
  }
  const options = {
    ...(kind === "features" && { features: context.features ?? {} }),
    ...(gradients && { pixelFeatures: gradientHistogram }),
    skipped,
    ...(decode && { decode }),
    ...(signal && { signal }),
  };
  for await (const embedded of embedSamples(embedder, missing(), options)) {
    for (const { sample, image, pixelFeatures } of embedded) {
      await store.add(sample.digest, image!);
      await gradients?.add(sample.digest, pixelFeatures!);
    }
    embeddable += embedded.length;
    report();
  }
  report();
  const found = items.filter(({ digest }) => isKept(digest));
  skipped.requireUsed(source.name, found.length);
  if (context.requireAll) skipped.requireAll(source.name, found.length);
  return {
    keys: found.map(({ key }) => key),
    digests: found.map(({ digest }) => digest),
    kept: found.map(({ kept }) => kept),
    skipped,
  };
}
