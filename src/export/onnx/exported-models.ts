/** The models that are exported of FLAVA, by the names of their files. */
import { multiply } from "../../graph/ops/arithmetic.js";
import { product } from "../../graph/ops/matmul.js";
import { permute } from "../../graph/ops/permute.js";
import type { Tensor } from "../../graph/tensor.js";
import type { FlavaConfig } from "../../model/config.js";
import type { Flava, PretrainingHeads } from "../../model/flava.js";
import { type MaskedHead, matchLogits, maskedLogits } from "../../model/heads.js";
import { logitMultiplier } from "../../model/logit-scale.js";
import { imageOutputs, pairOutputs, textOutputs } from "../../model/outputs.js";
import type { TaskHead } from "../../model/task-head.js";
import { taskOutputs } from "../../model/task-model.js";
import type { Task } from "../../model/task.js";
import type { Precision } from "../../nn/precision.js";
import type { Inputs } from "./trace.js";

export interface Parameters<T> {
  readonly flava: Flava<T>;
  readonly heads?: PretrainingHeads<T>;
  readonly head?: TaskHead<T>;
}

export interface ExportedModel {
  /** Whether there may be other numbers of images than of texts. */
  readonly separate?: boolean;
  /** Width of the tokens that it reads instead of images and texts. */
  readonly rowWidth?: number;
  /** The results by their names; parameters that it does not read are left out. */
  readonly compute: (
    parameters: Parameters<Tensor>,
    inputs: Inputs,
    precision: Precision,
  ) => Readonly<Record<string, Tensor>>;
}

/** The names of all models that an export may have. */
export const modelNames = [
  ...["vision_model", "text_model", "model", "multimodal_model"],
  ...["mlm_head", "mmm_text_head"],
] as const;

/** A fine-tuned model: the scores of its head. */
export function taskModel(config: FlavaConfig, task: Task): ExportedModel {
  return {
    compute: ({ flava, head }, { pixels, ids, lengths, types }, precision) => {
      if (!head) throw new Error("This model has a task, but no head for it.");
      const inputs = { pixels, ids, lengths, ...(task.pairs && { types }) };
      const model = { config, parameters: { flava, head }, precision };
      return { logits: taskOutputs(model, task.encoder, inputs) };
    },
  };
}

/**
 * The encoders, the similarities of images and texts, and, of a model that has its pre-training heads, those that
 * predict masked words from rows of `last_hidden_state`.
 */
export function encoderModels(
  config: FlavaConfig,
  hasHeads: boolean,
): Readonly<Record<string, ExportedModel>> {
  return {
    vision_model: {
      compute: (parameters, { pixels }, precision) => {
        const outputs = imageOutputs({ config, parameters, precision }, { pixels });
        return { image_embeds: outputs.embedding, last_hidden_state: outputs.sequence };
      },
    },
    text_model: {
      compute: (parameters, { ids, lengths }, precision) => {
        const outputs = textOutputs({ config, parameters, precision }, { ids, lengths });
        return { text_embeds: outputs.embedding, last_hidden_state: outputs.sequence };
      },
    },
    model: contrastiveModel(config),
    multimodal_model: {
      compute: (parameters, { pixels, ids, lengths }, precision) => {
        const model = { config, parameters, precision };
        const { sequence } = pairOutputs(model, { pixels }, { ids, lengths });
        const { heads } = parameters;
        return {
          last_hidden_state: sequence,
          ...(heads && { itm_logits: matchLogits(heads.itm, sequence, precision) }),
        };
      },
    },
    ...(hasHeads && {
      mlm_head: maskedModel(config, config.text.width, ({ mlm }) => mlm),
      mmm_text_head: maskedModel(config, config.multimodal.width, ({ mmmText }) => mmmText),
    }),
  } satisfies Partial<Record<(typeof modelNames)[number], ExportedModel>>;
}

/** CLIP's contract: all images against all texts. */
function contrastiveModel(config: FlavaConfig): ExportedModel {
  return {
    separate: true,
    compute: (parameters, { pixels, ids, lengths }, precision) => {
      const model = { config, parameters, precision };
      const { embedding: images } = imageOutputs(model, { pixels });
      const { embedding: texts } = textOutputs(model, { ids, lengths });
      const cosines = product(images, texts, { transposeB: true }); // [images, texts]
      const logits = multiply(cosines, logitMultiplier(parameters.flava.logitScale));
      return {
        ...{ logits_per_image: logits, logits_per_text: permute(logits, [1, 0]) },
        ...{ image_embeds: images, text_embeds: texts },
      };
    },
  };
}

function maskedModel(
  config: FlavaConfig,
  rowWidth: number,
  headOf: (heads: PretrainingHeads<Tensor>) => MaskedHead<Tensor>,
): ExportedModel {
  return {
    rowWidth,
    compute: ({ heads }, { rows }, precision) => ({
      logits: maskedLogits(headOf(heads!), rows, config.headEpsilon, precision),
    }),
  };
}
