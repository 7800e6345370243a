/** Opens whatever data set lies at a path. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isImageName } from "../image/image-type.js";
import { folderSource } from "./folder.js";
import { parquetSource } from "./parquet/source.js";
import type { Source } from "./source.js";
import { SourceError, reasonOf } from "./source-error.js";
import { type Columns, tableSource } from "./table/source.js";
import { isTableName } from "./table/rows.js";
import { expandBraces, isTarName, tarSource } from "./tar/source.js";
import { textSource } from "./text.js";

export interface SourceOptions {
  /** Which columns of a table, a parquet file or a caption file hold what; found by their names if not given. */
  readonly columns?: Columns;
  /** Whether blank lines divide a text file into documents; default: a file is one. */
  readonly paragraphs?: boolean;
  /** Bytes that one image or document may have; larger ones are left out. Default 256 MiB. */
  readonly limit?: number;
}

const forms =
  "A data set is one of: a folder of images (sub-folders are classes, or captions.tsv, metadata.jsonl, or a .txt beside " +
  "each); a folder of .tar, .parquet or .txt files; one .tar, .tar.gz, .parquet, .tsv, .csv, .jsonl or .txt file; or a " +
  "pattern such as name-{00000..00012}.tar.";

/**
 * The data set at `path`: a file, a folder, or several files by braces.
 * @throws SourceError where there is none, telling which forms there are
 */
export async function openSource(path: string, options: SourceOptions = {}): Promise<Source> {
  const found = await stat(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENAMETOOLONG") return undefined;
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  if (found?.isDirectory()) return openFolder(path, options);
  const paths = found ? [path] : expandBraces(path);
  if (!found && paths.length === 1) throw new SourceError(`There is nothing at ${path}. ${forms}`);
  for (const each of paths)
    if (!(await stat(each).catch(() => undefined))?.isFile())
      throw new SourceError(`${each} is not there, or not a file. ${forms}`);
  return openFiles(paths, options) ?? refuse(path);
}

const isParquetName = (path: string): boolean => /\.parquet$/i.test(path);
const isTextName = (path: string): boolean => /\.(txt|md)$/i.test(path);

function refuse(path: string): never {
  throw new SourceError(`${path} is of no known form. ${forms}`);
}

/** Files of one form; undefined where the form is not known, or there are several. */
function openFiles(paths: readonly string[], options: SourceOptions): Source | undefined {
  const all = (is: (path: string) => boolean): boolean => paths.every(is);
  if (all(isTarName)) return tarSource(paths, options);
  if (all(isParquetName)) return parquetSource(paths, options);
  if (all(isTextName)) return textSource(paths, options);
  if (paths.length === 1 && isTableName(paths[0]!)) return tableSource(paths[0]!, options);
  return undefined;
}

/** Shards, parquet files, a single table or texts, where they alone lie there; else images. */
async function openFolder(folder: string, options: SourceOptions): Promise<Source> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
  const inside = (is: (name: string) => boolean): string[] =>
    names.filter(is).map((name) => join(folder, name));
  const data = inside((name) => isParquetName(name) || isTarName(name));
  if (data.length > 0)
    return (
      openFiles(data, options) ??
      refuse(`${folder}, with ${basename(data[0]!)} and ${basename(data.at(-1)!)} in one folder,`)
    );
  const folders = await Promise.all(
    names.map((name) => stat(join(folder, name)).catch(() => undefined)),
  );
  const hasImages = names.some(isImageName) || folders.some((found) => found?.isDirectory());
  if (hasImages) return folderSource(folder, options);
  const rest = inside((name) => isTableName(name) || isTextName(name));
  return (rest.length > 0 ? openFiles(rest, options) : undefined) ?? refuse(folder);
}
