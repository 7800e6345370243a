/** Evaluates the image encoder by a linear probe: fitted to the training part, evaluated on the test part. */
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { SampleSource } from "../../data/formats/source.js";
import type { ClassificationResult } from "../classification.js";
import type { LinearProbeSet } from "../evaluation-set.js";
import { type EmbeddingStore, rowsOf } from "../embedding-store.js";
import { type LabeledFeatures, storedFeatures } from "../probe/labeled-features.js";
import { predict } from "../probe/predict.js";
import { type ProbeSearch, heldOut, searchProbe } from "../probe/search.js";
import { ClassFinder, type EvaluatedClasses } from "./class-finder.js";
import { type EvaluatorContext, embedImages } from "./embed-images.js";

/** Labeled images, by which stores find what is kept of them. */
export interface ProbedImages {
  /** By which a store finds the features of each image. */
  readonly digests: readonly string[];
  /** The class of each image. */
  readonly labels: Int32Array;
}

/** The parts of a set that a probe was fitted to, and scored on. */
export interface ProbedParts {
  /** What the probe was fitted to. */
  readonly train: ProbedImages;
  /** What the regularization was chosen by, if the set has such a part. */
  readonly validation?: ProbedImages;
  /** What the probe was scored on. */
  readonly test: ProbedImages;
}

/** What a store keeps of images. */
export const keptFeatures = (
  store: EmbeddingStore,
  { digests, labels }: ProbedImages,
): LabeledFeatures => storedFeatures(store, rowsOf(store, digests), labels);

/** How well a linear classifier on the image encoder's features does (flava.md 8.4). */
export interface LinearProbeEvaluation extends EvaluatedClasses {
  readonly kind: "linear probe";
  /** What was evaluated on. */
  readonly set: LinearProbeSet;
  /** On the test part. */
  readonly result: ClassificationResult;
  /** The probe, and the regularizations that were tried. */
  readonly search: ProbeSearch;
  /** The images of each part, whose features are kept. */
  readonly parts: ProbedParts;
  /** Number of images the probe was fitted to, including the validation part. */
  readonly fitted: number;
}

export async function evaluateLinearProbe(
  set: LinearProbeSet,
  context: EvaluatorContext,
): Promise<LinearProbeEvaluation> {
  const { backend, key, signal, stores } = context;
  const skipped = new SkippedSamples(); // from all parts
  const finder = new ClassFinder(set);
  const part = async (source: SampleSource) => {
    const own = { ...context, skipped };
    const { keys, digests, kept } = await embedImages(source, "features", own, finder.classOf);
    const images: ProbedImages = { digests, labels: Int32Array.from(kept) };
    return { keys, images, features: keptFeatures(stores.features, images) };
  };
  const train = await part(set.train);
  const validation = set.validation && (await part(set.validation));
  const { keys, images, features } = await part(set.source);
  const parts = validation
    ? { train: train.features, validation: validation.features }
    : heldOut(train.features, key);
  const search = await searchProbe(backend, parts, set.classes.length, {
    signal,
    ...context.probe,
  });
  const predictions = await predict(backend, search.probe, features, { signal });
  return {
    kind: "linear probe",
    set,
    keys,
    skipped,
    labels: features.labels,
    result: predictions.result(key),
    unknownLabels: finder.unknownLabels,
    search,
    parts: {
      train: train.images,
      ...(validation && { validation: validation.images }),
      test: images,
    },
    fitted: train.keys.length + (validation?.keys.length ?? 0),
  };
}
