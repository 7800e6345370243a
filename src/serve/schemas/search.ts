/** `POST /v1/search`: the nearest entries of the server's index. */
import { z } from "@hono/zod-openapi";
import { isBlank } from "../../data/text/blank.js";
import { usageSchema } from "./embeddings.js";
import { imageSchema, modelSchema, oneOrMany, textSchema } from "./inputs.js";

/** The embedding of nothing is near to something, which no one sought. */
const soughtText = textSchema.refine((text) => !isBlank(text), {
  error: "expected a text that says what is to be seen, but it is blank",
});

const filterSchema = z.record(z.string(), oneOrMany(textSchema));

/** Zod leaves a field of this name out of records without a word, and more would be found than was asked for. */
const wholeFilter = z.preprocess((given: z.input<typeof filterSchema>, context) => {
  if (Object.hasOwn(Object(given) as object, "__proto__")) {
    const message = 'expected fields of entries, but "__proto__" cannot be filtered by here';
    context.addIssue({ code: "custom", message });
  }
  return given;
}, filterSchema);

export const searchRequest = z
  .strictObject({
    text: soughtText.optional(),
    image: imageSchema
      .optional()
      .openapi({ description: "With a text, what the text says is changed in the image." }),
    similar_to: z.string().optional().openapi({
      description:
        "The key of an entry of the index, in place of an image: what is like it is found, without itself.",
    }),
    image_weight: z.number().min(0).max(1).optional().openapi({
      description: "How much the image, or the entry, counts beside the text; default: 0.5.",
    }),
    without: oneOrMany(soughtText)
      .optional()
      .openapi({ description: "Texts that the results are to be unlike." }),
    top: z.int().min(1).max(1000).default(10).openapi({ description: "Number of results." }),
    among: z
      .enum(["images", "texts"])
      .optional()
      .openapi({ description: "What to search; default: images, or texts if there are none." }),
    filter: wholeFilter.optional().openapi({
      description:
        "Only results with this label, field, key, path or text; of a field that is a list, with these elements. A field that " +
        "no entry has is refused.",
      example: { label: "cat" },
    }),
    rerank: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .openapi({
        description:
          "Puts the first so many in the order in which they match the query's text, read together with each image; or, among " +
          "texts, the query's image. Slower, and not with every model better: the one that ships finds less so. Default: none.",
      }),
    model: modelSchema,
  })
  .openapi("SearchRequest");

export const searchHit = z
  .object({
    key: z.string(),
    /** The dot product with the query, for unit vectors their cosine similarity, from -1 to 1. */
    similarity: z.number(),
    /** The probability that it matches the query, if it was re-ranked. */
    match: z.number().optional(),
    /** Why it could not be matched. */
    fault: z.string().optional(),
    path: z.string().optional(),
    text: z.string().optional(),
    label: z.string().optional(),
    fields: z.record(z.string(), z.unknown()).readonly().optional(),
    /** Where this server shows the image, if it has one. */
    image_url: z.string().optional(),
  })
  .openapi("SearchHit");

export const searchResponse = z
  .object({
    data: z.array(searchHit),
    model: z.string(),
    usage: usageSchema,
  })
  .openapi("SearchResponse");

/**
 * Body of `POST /v1/search`.
 * @useDeclaredType
 */
export type SearchRequest = z.input<typeof searchRequest>;
/**
 * An entry of the index that was found.
 * @useDeclaredType
 */
export type SearchHit = z.infer<typeof searchHit>;
/**
 * Answer of `POST /v1/search`: hits, nearest first.
 * @useDeclaredType
 */
export type SearchResponse = z.infer<typeof searchResponse>;
