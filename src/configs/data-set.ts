import { z } from "zod";
import { faultOfAddress } from "../data/remote/address.js";

const text = z.string().min(1);

const path = text.superRefine((path, context) => {
  const message = faultOfAddress(path);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/**
 * A data set of a recipe, in any form that `flava embed` reads: its path from the root of the data, in which `*` stands
 * for any directory, or within a name for any part of it; or the URL of shards; or an object with either and the options of
 * `flava embed`.
 */
export const dataSet = z
  .union([
    path,
    z.strictObject({
      path: path.meta({
        description:
          "Its path from the root of the data, in which * stands for any name; or a URL.",
      }),
      name: text.optional().meta({
        description: "Its name; default: its path. What a seed draws depends on it.",
      }),
      imageColumn: text
        .optional()
        .meta({ description: "Image column of a table or Parquet file; default: found by name." }),
      textColumn: z
        .union([text, z.array(text).nonempty()])
        .optional()
        .meta({ description: "Its text column, or several; default: found by name." }),
      labelColumn: text
        .optional()
        .meta({ description: "Its label column; default: found by name." }),
      imageRoot: text.optional().meta({
        description:
          "Folder that its image paths are relative to, itself relative to the root of the data; default: the file's.",
      }),
      separator: text
        .optional()
        .meta({ description: "Cell separator of a table; default: found in the first line." }),
      documents: z.enum(["files", "paragraphs", "lines"]).optional().meta({
        description:
          "What a document of a text file is; default: paragraphs, which blank lines separate, if texts alone are read.",
      }),
      maxSamples: z.int().positive().optional().meta({ description: "Most samples to read." }),
    }),
  ])
  .meta({ id: "dataSet", description: "The path of a data set, or an object." });

export type DataSetRecipe = z.output<typeof dataSet>;
