/** Predictions of fine-tuned models. */
import type { Labels } from "../data/labeled/labels.js";
import type { Image } from "../data/image/image.js";
import {
  type Question,
  TaskPredictor,
  type TaskPredictorOptions,
} from "../inference/task-predictor.js";
import { type ImageInput, readImage } from "./image-input.js";
import type { LoadedModel } from "./model.js";

/** A label and its probability. */
export interface PredictedLabel {
  /** The label, as in the data that the model was fine-tuned on. */
  readonly label: string;
  /** For classes one of numbers that sum to 1; for answers with scores that of this answer alone. */
  readonly probability: number;
}

/** The best label and all others, best first; or a value, of a model for regression. */
export type Prediction =
  | (PredictedLabel & {
      /** All labels, best first. */
      readonly labels: readonly PredictedLabel[];
    })
  | {
      /** The number, in the units of the data that the model was fine-tuned on. */
      readonly value: number;
    };

/**
 * What to predict from, as the model's task asks for: a text; an image; or an object with a `text`, a `textPair` and an
 * `image`.
 */
export type PredictInput = string | Question<ImageInput>;

/**
 * A text given alone is a text for models that read texts, but the path of an image for others.
 * @throws TypeError if an object lacks what the task reads, or has what it does not read
 */
export async function questionOf(input: PredictInput, predictor: TaskPredictor): Promise<Question> {
  if (typeof input === "string") {
    return predictor.task.encoder === "image" ? { image: await readImage(input) } : { text: input };
  }
  predictor.requireOnly(input);
  const { image, ...texts } = input;
  if (image === undefined) return texts;
  const decoded: Image = await readImage(image);
  return { ...texts, image: decoded };
}

/** The meaning of the outputs of a head: probabilities [C], or a standardized value [1]. */
export function predictionOf(outputs: Float32Array, labels: Labels): Prediction {
  if (labels.kind === "value") {
    return { value: labels.mean + labels.deviation * (outputs[0] ?? NaN) };
  }
  const ranked = labels.names
    .map((label, place) => ({ label, probability: outputs[place] ?? NaN }))
    .sort((a, b) => b.probability - a.probability);
  return { ...ranked[0]!, labels: ranked };
}

/** Runs the head of a model; undefined if it has none. */
export function predictorOf(
  model: LoadedModel,
  options: Pick<TaskPredictorOptions, "batch" | "onTruncated">,
): TaskPredictor | undefined {
  const { task, state } = model;
  if (!task) return undefined;
  // A model with a task has a head.
  return new TaskPredictor({ ...model, ...options, task, state: state as HeadState });
}

type HeadState = TaskPredictorOptions["state"];
