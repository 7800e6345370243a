/** The parts of a data set that are for training, for validation and for a test. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { exists, isDirectory } from "../../base/exists.js";
import { listed } from "../../base/counted.js";
import { SourceError } from "../formats/source-error.js";
import { type LabeledRowOptions, isDataName } from "./labeled-rows.js";
import { partNames, partsOfRows } from "./split-column.js";

/** The parts of a data set: files, folders, or rows, each as a path for `readLabeled`. */
export interface LabeledParts {
  /** What is for training. */
  readonly train: string;
  /** Undefined if the data set has no part of its own for validation. */
  readonly validation?: string;
  /** Undefined if it has none for tests. */
  readonly test?: string;
}

/**
 * The parts of the data set at `path`: the folders "train" (or "training") and "validation" (or "valid", "val", "dev") in a
 * folder, in capitals or not, or its files whose names begin so, such as train-00000-of-00001.parquet and dev.tsv, or the rows of
 * tables whose column "split" ("partition", "subset") says so; otherwise everything is for training. Tables are looked into
 * if `options` tell how to read them.
 * @throws SourceError if some rows of such a table belong to a part, and others do not
 * @throws SourceError if no name begins with "train", but others name a part all the same, as in reviews_test.csv
 */
export async function labeledParts(
  path: string,
  options?: LabeledRowOptions,
): Promise<LabeledParts> {
  if (await isDirectory(path)) {
    const names = (await readdir(path)).sort();
    const train = await partOf(path, names, partNames.train);
    if (train !== undefined) {
      const validation = await partOf(path, names, partNames.validation);
      const test = await partOf(path, names, partNames.test);
      return {
        train,
        ...(validation !== undefined && { validation }),
        ...(test !== undefined && { test }),
      };
    }
    requireOnePart(path, names);
  }
  const isTable = options?.columns.text !== undefined || options?.columns.image !== undefined;
  if (!isTable || !(await exists(path))) return { train: path };
  const parts = await partsOfRows(path, options);
  return {
    train: path,
    ...Object.fromEntries([...parts].map((part) => [part, `${path}#${part}`])),
  };
}

/** The folder of a part, which has one of `names`, in capitals or not. @param found what is at `path` */
export async function partFolder(
  path: string,
  found: readonly string[],
  names: readonly string[],
): Promise<string | undefined> {
  for (const name of names) {
    const folder = found.find((each) => each.toLowerCase() === name);
    if (folder !== undefined && (await isDirectory(join(path, folder)))) return join(path, folder);
  }
  return undefined;
}

async function partOf(
  path: string,
  found: readonly string[],
  names: readonly string[],
): Promise<string | undefined> {
  const folder = await partFolder(path, found, names);
  if (folder !== undefined) return folder;
  const beginning = new RegExp(`^(${names.join("|")})(?=[-_.])`, "i");
  const own = found.filter(isDataName).find((file) => beginning.test(file));
  return own === undefined ? undefined : join(path, `${beginning.exec(own)![0]}*`);
}

/** A word in the name of a file that says which part of a data set it has. */
const partWord = new RegExp(
  `(^|[-_. ])(${[...Object.values(partNames).flat(), "eval"].join("|")})(?=[-_. ])`,
  "i",
);

function requireOnePart(path: string, names: readonly string[]): void {
  const files = names.filter(isDataName);
  const part = files.find((file) => partWord.test(file));
  if (files.length < 2 || part === undefined) return;
  throw new SourceError(
    `${path} has ${listed(files, 5)}, and ${part} seems to be one part of a data ` +
      "set: which file is for which use is not clear. Name one file, or begin the names with train, validation and test.",
  );
}
