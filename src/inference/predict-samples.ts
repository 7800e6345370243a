import { mapLimited } from "../base/map-limited.js";
import type { SkippedSamples } from "../data/batch/skipped.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import { decodeSample } from "../data/labeled/stored-image.js";
import { dealtVectors } from "./dealt-vectors.js";
import type { Question, TaskPredictor } from "./task-predictor.js";

interface PredictSamplesOptions {
  /** Collects the samples that are left out because their image cannot be used. */
  readonly skipped: SkippedSamples;
  /** Called with the number of finished samples. */
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A sample with the outputs of the head. */
export interface PredictedSample {
  readonly sample: LabeledSample;
  readonly outputs: Float32Array;
}

/** Samples at a time: enough for full batches, few enough for their images to fit into memory. */
const [samplesAtOnce, imagesAtOnce] = [1024, 64];
/** Images decoded at a time. */
const concurrentImages = 4;

/** Predicts samples in order. The processes of a run deal them among themselves, and all get all results. */
export async function predictSamples(
  predictor: TaskPredictor,
  samples: readonly LabeledSample[],
  options: PredictSamplesOptions,
): Promise<PredictedSample[]> {
  const { processes } = predictor;
  if (!processes) return predictOwn(predictor, samples, options);
  const onProgress = (done: number): void =>
    options.onProgress?.(Math.min(samples.length, done * processes.size));
  const all = await dealtVectors(processes, samples, options.skipped, async (own, skipped) => {
    const predicted = await predictOwn(predictor, own, { ...options, onProgress, skipped });
    return predicted.map(({ sample, outputs }) => ({ sample, vectors: { outputs } }));
  });
  return all.map(({ sample, vectors }) => ({ sample, outputs: vectors.outputs! }));
}

/** Decodes images and predicts chunk by chunk. */
async function predictOwn(
  predictor: TaskPredictor,
  samples: readonly LabeledSample[],
  { skipped, onProgress, signal }: PredictSamplesOptions,
): Promise<PredictedSample[]> {
  const results: PredictedSample[] = [];
  const chunk = predictor.readsImages ? imagesAtOnce : samplesAtOnce;
  for (let first = 0; first < samples.length; first += chunk) {
    signal?.throwIfAborted();
    const asked = await questionsOf(samples.slice(first, first + chunk), predictor, skipped);
    const outputs = await predictor.outputs(
      asked.map(({ question }) => question),
      { signal },
    );
    for (const [index, { sample }] of asked.entries()) {
      results.push({ sample, outputs: outputs[index]! });
    }
    onProgress?.(Math.min(first + chunk, samples.length));
  }
  return results;
}

interface Asked {
  readonly sample: LabeledSample;
  readonly question: Question;
}

async function questionsOf(
  samples: readonly LabeledSample[],
  { readsImages }: TaskPredictor,
  skipped: SkippedSamples,
): Promise<Asked[]> {
  const asked = await mapLimited(samples, concurrentImages, async (sample): Promise<Asked[]> => {
    const { text, textPair } = sample;
    const texts = {
      ...(text !== undefined && { text }),
      ...(textPair !== undefined && { textPair }),
    };
    if (!readsImages) return [{ sample, question: texts }];
    const image = await decodeSample(sample, skipped);
    return image ? [{ sample, question: { ...texts, image } }] : [];
  });
  return asked.flat();
}
