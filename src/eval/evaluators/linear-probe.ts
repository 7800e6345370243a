/** Evaluates the image encoder by a linear probe: fitted to the training part, evaluated on the test part. */
import { type Key, foldIn, uniformAt } from "../../base/random.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { Source } from "../../data/formats/source.js";
import { chosenRows } from "../../inference/similarity.js";
import type { ClassificationResult } from "../classification.js";
import type { LinearProbeSet } from "../evaluation-set.js";
import { type LabeledFeatures, predict } from "../linear-probe.js";
import { type ProbeSearch, searchProbe } from "../probe-search.js";
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
  const width = embedder.featureWidth;
  const train = await part(set.train);
  const validation = set.validation && (await part(set.validation));
  const { kept, ...embedded } = await part(set.source);
  const parts = validation
    ? { train: labeled(train), validation: labeled(validation) }
    : split(labeled(train), width, key);
  const sizes = { width, classes: set.classes.length };
  const search = await searchProbe(backend, parts, sizes, { ...(signal && { signal }) });
  const labels = Int32Array.from(kept);
  const predictions = await predict(backend, search.probe, { features: embedded.images, labels });
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

const labeled = ({ images, kept }: { images: Float32Array; kept: number[] }): LabeledFeatures => ({
  features: images,
  labels: Int32Array.from(kept),
});

/** Fraction of the training part used to choose the regularization if there is no validation part. */
const heldOut = 0.2;

/** Randomly splits the items into two parts. */
function split(
  { features, labels }: LabeledFeatures,
  width: number,
  key: Key,
): { readonly train: LabeledFeatures; readonly validation: LabeledFeatures } {
  const own = foldIn(key, "validation");
  const draws = Array.from(labels, (_, item) => uniformAt(own, item));
  const part = (isHeldOut: boolean): LabeledFeatures => {
    const items = [...labels.keys()].filter((item) => draws[item]! < heldOut === isHeldOut);
    return {
      features: chosenRows(features, items, width),
      labels: Int32Array.from(items, (item) => labels[item]!),
    };
  };
  return { train: part(false), validation: part(true) };
}
