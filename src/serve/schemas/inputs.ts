/** Images and texts as clients send them. */
import { z } from "@hono/zod-openapi";

/** The bytes of a file, in a multipart form. */
export const fileSchema = z
  .instanceof(Uint8Array)
  .openapi({ type: "string", format: "binary", description: "A file." });

/** One value, or an array of values that is not empty. */
export const oneOrMany = <T extends z.ZodType>(one: T): z.ZodUnion<[T, z.ZodArray<T>]> =>
  z.union([one, z.array(one).min(1)], {
    error: ({ input, errors }) =>
      Array.isArray(input)
        ? "expected one or more, but the array is empty"
        : (errors as z.core.$ZodIssue[][])[0]?.[0]?.message, // what one value has to be
  });

const imageDescription =
  "a data: URL (data:image/png;base64,...) of a JPEG, PNG, WebP, GIF, TIFF, AVIF, SVG, BMP, ICO, PNM or TGA; an https: URL, " +
  "if the server allows its host; or a file, in a multipart form.";

/** An image: a `data:` URL, an `https:` URL on an allowed host, or the bytes of an uploaded file. */
export const imageSchema = z
  .union([z.string(), fileSchema], {
    error: "expected an image: a data: URL such as data:image/png;base64,..., or an uploaded file",
  })
  .openapi("Image", {
    type: "string",
    description: imageDescription,
    example: "data:image/png;base64,iVBORw0KGgo...",
  });

/** One image or several. */
export const imagesSchema = oneOrMany(imageSchema).openapi({
  description: `One or an array of: ${imageDescription}`,
});

export const textSchema = z.string({ error: "expected a text" });

/** The array of one value or of many. */
export const manyOf = <T>(given: T | T[]): T[] => (Array.isArray(given) ? given : [given]);

/** Each value of a field of one or many, with its name: `images` or `images[2]`. */
export const fieldsOf = <T>(name: string, given: T | T[]): [T, string][] =>
  Array.isArray(given) ? given.map((one, index) => [one, `${name}[${index}]`]) : [[given, name]];

/** The name of a model; default: the first one that the server was started with. */
export const modelSchema = z
  .string({ error: "expected the name of a model, as listed by /v1/models" })
  .optional()
  .openapi({ description: "A name from /v1/models; default: the server's first model." });

/** Whether texts with more tokens than the model reads are cut, instead of refused. */
export const truncateSchema = z.boolean().default(false).openapi({
  description: "Cuts texts with more tokens than the model reads; by default they are refused.",
});
