/** `POST /v1/predict`: with the head of a fine-tuned model. */
import { z } from "@hono/zod-openapi";
import { imageSchema, modelSchema, oneOrMany, textSchema, truncateSchema } from "./inputs.js";

const predictInput = z
  .strictObject(
    {
      text: textSchema.optional(),
      /** The second text of a pair. */
      text_pair: textSchema.optional(),
      image: imageSchema.optional(),
    },
    { error: "expected an object with text, text_pair and image, as the model's task asks for" },
  )
  .openapi("PredictInput");

export const predictRequest = z
  .strictObject({ inputs: oneOrMany(predictInput), truncate: truncateSchema, model: modelSchema })
  .openapi("PredictRequest");

const predictedLabel = z.object({ label: z.string(), probability: z.number() });

export const predictResponse = z
  .object({
    data: z
      .array(
        z.union([
          predictedLabel.extend({
            index: z.int(),
            /** All labels, best first. */
            labels: z.array(predictedLabel).readonly(),
          }),
          z.object({ index: z.int(), value: z.number() }),
        ]),
      )
      .readonly(),
    model: z.string(),
  })
  .openapi("PredictResponse");

/**
 * Body of `POST /v1/predict`, of a fine-tuned model.
 * @useDeclaredType
 */
export type PredictRequest = z.input<typeof predictRequest>;
/**
 * Answer of `POST /v1/predict`.
 * @useDeclaredType
 */
export type PredictResponse = z.infer<typeof predictResponse>;
