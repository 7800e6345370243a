/** Parquet files in the layouts of Hugging Face datasets, WebDataset converters and img2dataset. */
import { dirname } from "node:path";
import { type FileMetaData, type SchemaTree, parquetSchema } from "hyparquet";
import { z } from "zod";
import type { LocatedSample } from "../../sample.js";
import { ColumnChoices } from "../column-choices.js";
import { describeRow, isImageColumn, requireColumns } from "../columns.js";
import { pathIn, placeInFolder } from "../file-in-folder.js";
import { type FoundRecord, nameOfFiles, recordSource } from "../record-source.js";
import { type Columns, type Source, type SourceOptions, defaultMaxBytes } from "../source.js";
import { SampleError, SourceError } from "../source-error.js";
import { parquetFooter, parquetRows } from "./rows.js";

/**
 * Rows of the files at `paths`: images as {bytes, path}, as bytes, or as a list of one of these; texts as strings or
 * lists of strings; labels as strings, or as numbers with names in the "huggingface" metadata.
 */
export function parquetSource(
  paths: readonly string[],
  options: SourceOptions = {},
  choices = new ColumnChoices(options, paths.length > 1),
): Source {
  const name = nameOfFiles(paths, "parquet files");
  const find = (file: number): AsyncGenerator<FoundRecord> =>
    recordsOf(paths[file]!, options, choices);
  const countOf = async (file: number): Promise<number> =>
    Number((await parquetFooter(paths[file]!)).num_rows);
  return recordSource({ name, paths, find, countOf }, options);
}

async function* recordsOf(
  path: string,
  { columns: given = {}, maxBytes = defaultMaxBytes, imageRoot = dirname(path) }: SourceOptions,
  choices: ColumnChoices,
): AsyncGenerator<FoundRecord> {
  const footer = await parquetFooter(path);
  const columns = imageColumnFound(path, footer, given);
  const classes = classNames(footer);
  for await (const { row, values } of parquetRows(path, footer)) {
    const where = `${path}, row ${row + 1}`;
    const place = { imageRoot, key: String(row), where, columns, classes, maxBytes };
    const load = (): Promise<LocatedSample> => {
      choices.inRow(path, where, values);
      return sampleOf(values, place);
    };
    yield { key: place.key, path: `${path}:${row}`, where, load };
  }
}

/**
 * The given columns, with the image column found by its type if its name is not recognized.
 * @throws SourceError if a given column is missing, or the image column is ambiguous
 */
function imageColumnFound(path: string, footer: FileMetaData, given: Columns): Columns {
  const children = parquetSchema(footer).children;
  const names = children.map(({ element }) => element.name);
  requireColumns(path, names, given);
  if (given.image !== undefined || names.some(isImageColumn)) return given;
  const [image, other] = children.filter((column) => column.children.some(isBytes));
  if (other)
    throw new SourceError(
      `${path} has images in ${image!.element.name} and ${other.element.name}. Name the image column (--image-column).`,
    );
  if (image) return { ...given, image: image.element.name };
  const binary = children.filter(isBytes).map(({ element }) => element.name);
  if (binary.length === 0 || given.texts) return given;
  throw new SourceError(
    `${path} has bytes in ${binary.join(", ")}, but no column known to hold images. Name the image column ` +
      `(--image-column), or the text column to read texts alone (--text-column).`,
  );
}

/** Whether this is a column of non-text bytes. */
function isBytes({ element: { type, converted_type, logical_type } }: SchemaTree): boolean {
  return type === "BYTE_ARRAY" && converted_type === undefined && logical_type === undefined;
}

const features = z.object({
  info: z.object({
    features: z.record(z.string(), z.looseObject({ names: z.array(z.string()).optional() })),
  }),
});

/** Class names by column, from the "huggingface" metadata. */
export function classNames({ key_value_metadata }: FileMetaData): Map<string, readonly string[]> {
  const text = key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  try {
    const { info } = features.parse(JSON.parse(text ?? ""));
    return new Map(
      Object.entries(info.features).flatMap(([name, { names }]) => (names ? [[name, names]] : [])),
    );
  } catch {
    return new Map(); // no class names in the expected form: labels stay numbers
  }
}

interface Place {
  /** Folder of image files. */
  readonly imageRoot: string;
  readonly key: string;
  /** The row, for messages. */
  readonly where: string;
  readonly columns: Columns;
  readonly classes: ReadonlyMap<string, readonly string[]>;
  readonly maxBytes: number;
}

async function sampleOf(
  row: Readonly<Record<string, unknown>>,
  place: Place,
): Promise<LocatedSample> {
  const { where, key, columns, classes } = place;
  const named = Object.entries(row).map(([name, value]) => {
    const names = classes.get(name);
    // Hugging Face marks unlabeled rows with -1, which has no name.
    return [name, names ? (names[Number(value)] ?? null) : value] as const;
  });
  const { image, fields, ...described } = describeRow(
    where,
    key,
    Object.fromEntries(named),
    columns,
  );
  return {
    key,
    ...(image !== undefined && (await imageOf(image, place))),
    ...described,
    fields: jsonValue(fields) as LocatedSample["fields"],
  };
}

async function imageOf(
  cell: unknown,
  { imageRoot, key, maxBytes }: Place,
): Promise<Pick<LocatedSample, "image" | "path">> {
  const fail = (reason: SampleError["reason"], message: string): never => {
    throw new SampleError(key, reason, `${message}.`);
  };
  const cells: readonly unknown[] = Array.isArray(cell) ? cell : [cell];
  const list = cells.filter((each) => each !== undefined && each !== null);
  if (list.length !== 1)
    fail("unwanted", `it has ${list.length} images, and texts belong to a single one`);
  const [only] = list;
  const { bytes, path: file } = (
    only instanceof Uint8Array ? { bytes: only } : typeof only === "string" ? { path: only } : only
  ) as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array) {
    if (bytes.length === 0) fail("empty", "the image is empty");
    if (bytes.length > maxBytes)
      fail("too large", `the image has ${bytes.length} bytes, more than the limit of ${maxBytes}`);
    return { image: Uint8Array.from(bytes) }; // copied: a view would keep the whole row group in memory
  }
  if (typeof file !== "string") return fail("missing", "the image has neither bytes nor a path");
  const image = await placeInFolder(imageRoot, file, key, maxBytes);
  return { image, path: pathIn(imageRoot, file) };
}

/** Converts a value to JSON, without bytes. */
function jsonValue(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return undefined;
  if (ArrayBuffer.isView(value))
    return Array.from(value as unknown as ArrayLike<unknown>, jsonValue);
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonValue(inner)]));
}
