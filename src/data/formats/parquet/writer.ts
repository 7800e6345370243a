/** Writes Parquet files in the layout of Hugging Face datasets. */
import { open, rename, rm } from "node:fs/promises";
import { inspect } from "node:util";
import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { SourceError } from "../source-error.js";

/** A column's name and type; null and undefined values are always allowed. */
export type ParquetColumn = {
  /** As rows name its values. */
  readonly name: string;
} & (
  | {
      /** The bytes of an image file. */
      readonly type: "image";
    }
  | {
      /** A string, a list of strings, or a number. */
      readonly type: "text" | "texts" | "integer" | "number";
    }
  | {
      /** One of `names`, stored as its index. */
      readonly type: "label";
      /** The classes. */
      readonly names: readonly string[];
    }
  | {
      /** A float32 vector. */
      readonly type: "vector";
      /** If it is set, all vectors have that length. */
      readonly length?: number;
    }
);

/**
 * Values by the names of columns: the bytes of an image, a string for a text or label, a list of strings for texts, a
 * number, or a `Float32Array` or list of numbers for a vector.
 */
export type ParquetRow = Readonly<Record<string, unknown>>;

/** How a file is laid out. */
export interface WriteParquetOptions {
  /** Rows that are in memory, and written, at a time; default: 1,000. */
  readonly rowsPerGroup?: number;
  /** Additional key-value metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes `rows` to `path`, one row group at a time. The file appears only when complete.
 * @throws SourceError if a value does not fit its column
 */
export async function writeParquet(
  path: string,
  columns: readonly ParquetColumn[],
  rows: Iterable<ParquetRow> | AsyncIterable<ParquetRow>,
  { rowsPerGroup = 1000, metadata = {} }: WriteParquetOptions = {},
): Promise<void> {
  const partial = `${path}.partial`;
  const handle = await open(partial, "w");
  const buffer = new ByteWriter();
  const flush = async (): Promise<void> => {
    await handle.writeFile(buffer.getBytes());
    buffer.index = 0;
  };
  const huggingface = JSON.stringify({
    info: {
      features: Object.fromEntries(columns.map((column) => [column.name, featureOf(column)])),
    },
  });
  const schema = columns.flatMap(schemaOf);
  const writer = new ParquetWriter({
    writer: buffer,
    schema: [{ name: "schema", num_children: columns.length }, ...schema],
    kvMetadata: Object.entries({ huggingface, ...metadata }).map(([key, value]) => ({
      key,
      value,
    })),
    createdBy: "flava",
  });
  try {
    let group: ParquetRow[] = [];
    let written = 0;
    const writeGroup = async (): Promise<void> => {
      const columnData = columns.map((column) => ({
        name: column.name,
        data: group.map((row, index) => cellOf(column, row[column.name], written + index)),
        // Min/max statistics are useless for images and vectors.
        statistics: column.type !== "image" && column.type !== "vector",
      }));
      await writer.write({ columnData, rowGroupSize: rowsPerGroup });
      await flush();
      written += group.length;
      group = [];
    };
    for await (const row of rows) if (group.push(row) >= rowsPerGroup) await writeGroup();
    if (group.length > 0) await writeGroup();
    await writer.finish();
    await flush();
    await handle.sync();
    await handle.close();
    await rename(partial, path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

const optional = "OPTIONAL" as const;

function schemaOf({ name, type }: ParquetColumn): SchemaElement[] {
  const leaf = (leafName: string, element: Omit<SchemaElement, "name">): SchemaElement => ({
    name: leafName,
    repetition_type: optional,
    ...element,
  });
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
  const list = (element: Omit<SchemaElement, "name">): SchemaElement[] => [
    { name, repetition_type: optional, converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    leaf("element", element),
  ];
  switch (type) {
    case "image":
      return [
        { name, repetition_type: optional, num_children: 2 },
        leaf("bytes", { type: "BYTE_ARRAY" }),
        leaf("path", text),
      ];
    case "text":
      return [leaf(name, text)];
    case "texts":
      return list(text);
    case "vector":
      return list({ type: "FLOAT" });
    case "number":
      return [leaf(name, { type: "DOUBLE" })];
    case "integer":
    case "label":
      return [leaf(name, { type: "INT64" })];
  }
}

/** A column's entry in the "huggingface" metadata. */
function featureOf(column: ParquetColumn): unknown {
  const value = (dtype: string): unknown => ({ dtype, _type: "Value" });
  switch (column.type) {
    case "image":
      return { _type: "Image" };
    case "text":
      return value("string");
    case "texts":
      return { feature: value("string"), _type: "Sequence" };
    case "vector":
      return { feature: value("float32"), length: column.length ?? -1, _type: "Sequence" };
    case "number":
      return value("float64");
    case "integer":
      return value("int64");
    case "label":
      return { names: column.names, _type: "ClassLabel" };
  }
}

/** Converts a value to the form the writer expects. */
function cellOf(column: ParquetColumn, value: unknown, row: number): unknown {
  if (value === undefined || value === null) return null;
  const refuse = (expected: string): never => {
    throw new SourceError(
      `Row ${row + 1}, column ${column.name}: expected ${expected}, not ${inspect(value).slice(0, 40)}.`,
    );
  };
  switch (column.type) {
    case "image":
      return value instanceof Uint8Array
        ? { bytes: value, path: null }
        : refuse("bytes of an image");
    case "text":
      return typeof value === "string" ? value : refuse("a string");
    case "texts":
      return Array.isArray(value) && value.every((text) => typeof text === "string")
        ? value
        : refuse("a list of strings");
    case "number":
      return typeof value === "number" ? value : refuse("a number");
    case "integer":
      return Number.isSafeInteger(value) ? BigInt(value as number) : refuse("an integer");
    case "label": {
      const index = column.names.indexOf(value as string);
      return index >= 0
        ? BigInt(index)
        : refuse(`one of ${column.names.slice(0, 5).join(", ")} ...`);
    }
    case "vector": {
      const numbers =
        value instanceof Float32Array || Array.isArray(value) ? value : refuse("a vector");
      if (column.length !== undefined && numbers.length !== column.length)
        refuse(`a vector of ${column.length} numbers`);
      return Array.from(numbers as ArrayLike<number>);
    }
  }
}
