import { z } from "zod";

const column = z.string().min(1);

/**
 * A data set of a recipe, in any form that `flava embed` reads: its path from the root of the data, in which `*` stands
 * for any directory, or within a name for any part of it; or an object with the path and the options of `flava embed`.
 */
export const dataSet = z.union([
  z.string().min(1),
  z.strictObject({
    path: z.string().min(1),
    /** Default: the path from the root of the data. What a seed draws depends on it. */
    name: z.string().min(1).optional(),
    /** Columns of a table or Parquet file; default: found by name. */
    imageColumn: column.optional(),
    textColumn: z.union([column, z.array(column).nonempty()]).optional(),
    labelColumn: column.optional(),
    /** Folder that image paths in a table or Parquet file are relative to; default: that of the file. */
    imageRoot: z.string().min(1).optional(),
    /** Cell separator of a table; default: found in the first line. */
    separator: z.string().min(1).optional(),
    /** What a document of a text file is; default: paragraphs, which blank lines separate, if texts alone are read. */
    documents: z.enum(["files", "paragraphs", "lines"]).optional(),
    /** Most samples to read. */
    maxSamples: z.int().positive().optional(),
  }),
]);

export type DataSetRecipe = z.output<typeof dataSet>;
