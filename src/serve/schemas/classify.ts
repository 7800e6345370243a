/** `POST /v1/classify`: images by labels, zero-shot. */
import { z } from "@hono/zod-openapi";
import { repeatedLabel } from "../../api/classify.js";
import { isBlank } from "../../data/text/blank.js";
import { imagesSchema, manyOf, modelSchema, oneOrMany, textSchema } from "./inputs.js";

const labelSchema = textSchema.refine((label) => !isBlank(label), {
  error: "expected a label, but it is blank",
});
const templateSchema = textSchema.includes("{}", {
  error: 'expected a template with {} in place of the label, such as "a photo of a {}."',
});

export const classifyRequest = z
  .strictObject({
    images: imagesSchema,
    labels: oneOrMany(labelSchema)
      .superRefine((labels, context) => {
        const [again, before] = repeatedLabel(manyOf(labels)) ?? [];
        if (again === undefined) return;
        const message = `expected each label once, but it is the same as labels[${before}]`;
        context.addIssue({ code: "custom", path: [again], message });
      })
      .openapi({ description: "One or an array of labels, each once.", example: ["cat", "dog"] }),
    templates: oneOrMany(templateSchema)
      .optional()
      .openapi({
        description: 'Prompts with "{}" for the label; their embeddings are averaged.',
        example: ["a photo of a {}."],
      }),
    top: z.int().positive().optional().openapi({ description: "Labels to return; default: all." }),
    model: modelSchema,
  })
  .openapi("ClassifyRequest");

export const classifyResponse = z
  .object({
    data: z.array(
      z.object({
        index: z.int(),
        /** Best first. */
        labels: z.array(
          z.object({ label: z.string(), probability: z.number(), similarity: z.number() }),
        ),
      }),
    ),
    model: z.string(),
  })
  .openapi("ClassifyResponse");

/**
 * Body of `POST /v1/classify`. Images are data URLs, URLs of allowed hosts, or uploaded files.
 * @useDeclaredType
 */
export type ClassifyRequest = z.input<typeof classifyRequest>;
/**
 * Answer of `POST /v1/classify`: for each image, its labels, best first.
 * @useDeclaredType
 */
export type ClassifyResponse = z.infer<typeof classifyResponse>;
