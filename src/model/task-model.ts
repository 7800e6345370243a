/** FLAVA with a head for a task (flava.md 8.3). */
import type { TaskTensors } from "../data/labeled/labeled-batch.js";
import type { Tensor } from "../graph/tensor.js";
import type { Flava } from "./flava.js";
import { pairOutputs } from "./outputs.js";
import type { TaskEncoder } from "./task.js";
import { type TaskHead, taskScores } from "./task-head.js";
import { type TracedModel, encodeImages, encodeTexts } from "./traced-model.js";

/** Parameters of FLAVA with a head for a task. Leaves `T` are `Parameter`s, tensors or values. */
export interface FlavaForTask<T> {
  /** Encoders and projections. */
  readonly flava: Flava<T>;
  /** Reads the class token of one of the encoders. */
  readonly head: TaskHead<T>;
}

/** The parts of a model that an encoder's class token does not depend on. */
export function unusedParts(encoder: TaskEncoder): string[] {
  const contrastive = ["imageProjection", "textProjection", "logitScale"];
  const others = {
    text: ["image", "multimodal"],
    image: ["text", "multimodal"],
    multimodal: [],
  };
  // The poolers and the final normalizations of the encoders below have no gradient, and need no mention.
  return [...contrastive, ...others[encoder]].map((part) => `flava/${part}`);
}

/** The scores of a head: float32 [B, outputs]. The inputs that its encoder needs must be there. */
export function taskOutputs(
  model: TracedModel<FlavaForTask<Tensor>>,
  encoder: TaskEncoder,
  inputs: TaskTensors<Tensor>,
): Tensor {
  const { parameters, precision } = model;
  return taskScores(parameters.head, classToken(model, encoder, inputs), precision);
}

/** A sequence that begins with the class token. */
function classToken(model: TracedModel, encoder: TaskEncoder, inputs: TaskTensors<Tensor>): Tensor {
  const { pixels, ids, lengths, types } = inputs;
  const only = { keepTokens: 1 };
  const image = pixels && { pixels };
  const text = ids && { ids, ...(lengths && { lengths }), ...(types && { types }) };
  if (encoder === "image" && image) return encodeImages(model, image, only).sequence;
  if (encoder === "text" && text) return encodeTexts(model, text, only).sequence;
  if (image && text) return pairOutputs(model, image, text, only).sequence;
  throw new Error(`The ${encoder} encoder lacks its ${image ? "texts" : "images"}.`);
}
