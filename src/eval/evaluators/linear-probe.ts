/** Evaluates the image encoder by a linear probe: fitted to the training part, evaluated on the test part. */
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { Source } from "../../data/formats/source.js";
import type { ClassificationResult } from "../classification.js";
import type { LinearProbeSet } from "../evaluation-set.js";
import { labeledFeatures } from "../probe/labeled-features.js";
import { predict } from "../probe/predict.js";
import { type ProbeSearch, heldOut, searchProbe } from "../probe/search.js";
import { ClassFinder, type EvaluatedClasses } from "./class-finder.js";
import { type EvaluatorContext, embedImages } from "./embed-images.js";

export interface LinearProbeEvaluation extends EvaluatedClasses {
  readonly kind: "linear probe";
  readonly set: LinearProbeSet;
  readonly result: ClassificationResult;
  readonly search: ProbeSearch;
  /** Number of images the probe was fitted to, including the validation part. */
  readonly fitted: number;
}

export async function evaluateLinearProbe(
  set: LinearProbeSet,
  context: EvaluatorContext,
): Promise<LinearProbeEvaluation> {
  const { embedder, backend, key, signal } = context;
  const skipped = new SkippedSamples(); // from all parts
  const finder = new ClassFinder(set);
  const part = (source: Source) =>
    embedImages(source, "features", { ...context, skipped }, finder.classOf);
  const train = await part(set.train);
  const validation = set.validation && (await part(set.validation));
  const { kept, ...embedded } = await part(set.source);
  const labels = Int32Array.from(kept);
  const labeled = ({ images, kept: own }: { images: Float32Array; kept: number[] }) =>
    labeledFeatures(images, Int32Array.from(own), embedder.featureWidth);
  const parts = validation
    ? { train: labeled(train), validation: labeled(validation) }
    : heldOut(labeled(train), key);
  const search = await searchProbe(backend, parts, set.classes.length, {
    ...(signal && { signal }),
  });
  const predictions = await predict(backend, search.probe, labeled({ ...embedded, kept }), signal);
  return {
    kind: "linear probe",
    set,
    ...embedded,
    labels,
    result: predictions.result(key),
    unknownLabels: finder.unknownLabels,
    search,
    fitted: train.keys.length + (validation?.keys.length ?? 0),
  };
}
