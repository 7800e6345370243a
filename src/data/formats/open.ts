/** Opens the data set at a path, or several of them as one, in any format. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isImageName } from "../image/image-type.js";
import { isRemote } from "../remote/address.js";
import { remoteFiles } from "../remote/remote-files.js";
import { annotationSource, namedParts } from "./annotations/source.js";
import { filesBelow } from "./files-below.js";
import { expandBraces } from "./braces.js";
import { ColumnChoices } from "./column-choices.js";
import { folderSource } from "./folder.js";
import { imageFilesSource } from "./image-files.js";
import { type Part, joinedSource, requireDisjoint } from "./joined.js";
import { commonFolder, stemOf } from "./record-source.js";
import type { Source, SourceOptions } from "./source.js";
import { SourceError, reasonOf } from "./source-error.js";
import { isJsonName, isTableName } from "./table/rows.js";
import { isImageTable } from "./table/separator.js";
import { tableSource } from "./table/source.js";
import { listName, readShardList } from "./tar/shard-list.js";
import { isTarName, tarSource } from "./tar/source.js";
import { textSource } from "./text.js";

const forms =
  "A data set is one of: a folder of images (one subfolder per class; or with captions.tsv, metadata.jsonl or other " +
  "tables; or with a .txt or .json beside each image); a folder of .tar, .parquet, table or .txt files; a single .tar, " +
  ".tar.gz, .parquet, .tsv, .csv, .jsonl, .txt or image file; a .json file with a list of objects, COCO's captions or " +
  "Karpathy's list; or a pattern such as name-{00000..00012}.tar; " +
  "or .tar, .tar.gz or .parquet files at URLs: https://host/name-{00000..00012}.tar or s3://bucket/directory/.";

/**
 * Opens a data set: a file, a folder, or several files given by a brace pattern.
 * @param paths the data set, or several that are read as one; then keys begin with the name of each file or folder
 * @throws SourceError if there is no data set, which lists the supported formats, or if data sets overlap
 */
export async function openSource(
  paths: string | readonly string[],
  options: SourceOptions = {},
): Promise<Source> {
  if (typeof paths === "string") return openOne(paths, options);
  const [path] = paths;
  if (path === undefined) throw new SourceError(`No data set is given. ${forms}`);
  if (paths.length === 1) return openOne(path, options);
  requireDisjoint(paths);
  const isImage = (path: string): boolean => isImageName(path) && !isRemote(path);
  const images = paths.filter(isImage);
  const others = paths.filter((each) => !isImage(each));
  const parts: Part[] = [];
  const choices = new ColumnChoices(options, true);
  for (const each of others)
    parts.push({ path: each, source: await openOne(each, options, choices) });
  if (images.length === 0) return joinedSource(parts, options);
  const source = await imageFilesSource(images, options);
  if (parts.length === 0) return source;
  return joinedSource([{ path: commonFolder(images), source }, ...parts], options);
}

async function openOne(
  path: string,
  options: SourceOptions,
  choices?: ColumnChoices,
): Promise<Source> {
  if (isRemote(path)) return openUrls(path, options, choices);
  const found = await stat(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENAMETOOLONG") return undefined;
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  if (found?.isDirectory()) return openFolder(path, options, choices);
  const named = found ? undefined : namedParts(path);
  const paths = found ? [path] : named ? [named.path] : expandBraces(path);
  if (!found && !named && paths.length === 1)
    throw new SourceError(`There is nothing at ${path}. ${forms}`);
  for (const each of paths)
    if (!(await stat(each).catch(() => undefined))?.isFile())
      throw new SourceError(`${each} does not exist or is not a file. ${forms}`);
  return (await openFiles(paths, options, choices, named?.parts)) ?? refuse(path);
}

async function openUrls(
  pattern: string,
  options: SourceOptions,
  choices: ColumnChoices | undefined,
): Promise<Source> {
  const urls = await remoteFiles(pattern, dataFiles);
  const areData = urls.every((url) => isTarName(url) || isParquetName(url));
  return (areData ? await openFiles(urls, options, choices) : undefined) ?? refuse(pattern);
}

const isParquetName = (path: string): boolean => /\.parquet$/i.test(path);
const isTextName = (path: string): boolean => /\.(txt|md)$/i.test(path);

function refuse(path: string): never {
  throw new SourceError(`${path} has no known format. ${forms}`);
}

/**
 * Opens files of one format; undefined if the format is unknown or formats are mixed.
 * @param parts of a JSON file that are to be read
 */
async function openFiles(
  paths: readonly string[],
  options: SourceOptions,
  choices: ColumnChoices | undefined,
  parts: readonly string[] = [],
): Promise<Source | undefined> {
  const all = (is: (path: string) => boolean): boolean => paths.length > 0 && paths.every(is);
  if (!choices) requireMeaning(paths, options); // of several data sets, options are for those that have use for them
  if (all(isTarName)) return tarSource(paths, options, choices);
  if (all(isParquetName)) {
    const { parquetSource } = await import("./parquet/source.js"); // much code, its libraries included
    return parquetSource(paths, options, choices);
  }
  if (all(isJsonName) && paths.length === 1)
    return annotationSource({ path: paths[0]!, parts }, options, choices);
  if (all(isTableName)) return tableSource(paths, options, choices);
  if (all(isImageName)) return imageFilesSource(paths, options);
  if (!all(isTextName)) return undefined;
  const hasColumns = options.columns !== undefined || options.separator !== undefined;
  if (hasColumns || (paths.length === 1 && (await isImageTable(paths[0]!))))
    return tableSource(paths, options, choices);
  return textSource(paths, options);
}

/** @throws SourceError if options are given that mean nothing for files of this format */
function requireMeaning([path = ""]: readonly string[], options: SourceOptions): void {
  const refuse = (what: string, why: string): never => {
    throw new SourceError(`${what} is given for ${path}, but ${why}. Leave it out.`);
  };
  if (isTarName(path) && options.columns?.image !== undefined)
    refuse(`An image column, ${options.columns.image},`, "images in tar shards are files");
  const isTable = !isTarName(path) && !isParquetName(path) && !/\.(jsonl?|ndjson)$/i.test(path);
  if (!isTable && options.separator !== undefined)
    refuse("A separator of cells", "only CSV, TSV and text files have cells that one separates");
}

/** Opens the tar or Parquet files in a folder, if any; else images; else tables or texts. */
async function openFolder(
  folder: string,
  options: SourceOptions,
  choices: ColumnChoices | undefined,
): Promise<Source> {
  const files = await filesBelow(folder);
  if (files.length === 0) throw new SourceError(`${folder} has no files. ${forms}`);
  const places = (names: readonly string[]): string[] => names.map((name) => join(folder, name));
  const data = dataFiles(files);
  if (await listsNoShards(folder, files)) return tarSource([], options);
  if (data.length > 0)
    return (
      (await openFiles(places(data), options, choices)) ??
      refuse(`${folder}, with ${basename(data[0]!)} and ${basename(data.at(-1)!)} in one folder,`)
    );
  if (files.some(isImageName)) return folderSource(folder, files, options, choices);
  const tables = files.filter(isTableName);
  const texts = files.filter(
    (path) => isTextName(path) && !/^(readme|license)/i.test(basename(path)),
  );
  return (await openFiles(places([...tables, ...texts]), options, choices)) ?? refuse(folder);
}

/**
 * Whether the folder's list of shards is empty: a data set without samples.
 * @throws SourceError if a listed shard is missing
 */
async function listsNoShards(folder: string, files: readonly string[]): Promise<boolean> {
  const list = files.includes(listName) ? await readShardList(folder) : undefined;
  const lacking = list?.find(({ name }) => !files.includes(name));
  if (!lacking) return list?.length === 0 && !files.some(isTarName);
  throw new SourceError(
    `${join(folder, listName)} lists ${lacking.name}, which is missing. Restore it, or delete ${listName} to continue ` +
      "without it.",
  );
}

/**
 * Tar and Parquet files that hold samples. This excludes the download report that img2dataset writes beside a shard or
 * folder, a Parquet file of the same name.
 */
function dataFiles(files: readonly string[]): string[] {
  const tars = files.filter(isTarName);
  const holders = new Set([...tars.map(stemOf), ...files.map((path) => dirname(path))]);
  const parquets = files.filter((path) => isParquetName(path) && !holders.has(stemOf(path)));
  return [...parquets, ...tars];
}
