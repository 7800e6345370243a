/** MATLAB's MAT files of version 5, which SciPy writes too: numbers, texts, cells and structures. */
import { readFile } from "node:fs/promises";
import { inflateSync } from "node:zlib";
import { SourceError, reasonOf } from "../source-error.js";

/** Numbers, column by column; a text; the values of a cell array; or the elements of an array of structures. */
export type MatValue = Float64Array | string | readonly MatValue[] | readonly MatStructure[];
export type MatStructure = Readonly<Record<string, MatValue>>;

const headerBytes = 128;
const deepest = 32;
const mostBytes = 1 << 28; // when unpacked

/**
 * The variables in the file at `path`, by name. Variables of other kinds, such as objects, are left out.
 * @throws SourceError if it is damaged, or of another version
 */
export async function readMat(path: string): Promise<ReadonlyMap<string, MatValue>> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}.`);
  });
  if (bytes.subarray(0, 19).toString("latin1").startsWith("MATLAB 7.3"))
    throw new SourceError(`${path} is a MAT file of version 7.3; save it as version 7 (save -v7).`);
  if (bytes.length < headerBytes || bytes.toString("latin1", 126, 128) !== "IM")
    throw new SourceError(`${path} is no little-endian MAT file of version 5.`);
  try {
    const elements = elementsOf(bytes.subarray(headerBytes));
    const variables = elements.map((element) => matrixOf(unpacked(element), 0));
    return new Map(variables.flatMap(({ name, value }) => (value ? [[name, value]] : [])));
  } catch (error) {
    throw new SourceError(`${path} is a damaged MAT file: ${reasonOf(error)}.`);
  }
}

/** A tagged piece of data. */
interface Element {
  readonly type: number;
  readonly data: Buffer;
}

const compressed = 15;
const matrix = 14;

/** Splits bytes into elements. Tags have 8 bytes, and data is padded to 8; short data is within the tag. */
function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) throw new Error("it ends within a tag");
    const [type, length] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    const isShort = type >>> 16 > 0;
    const [start, size] = isShort ? [at + 4, type >>> 16] : [at + 8, length];
    if (isShort ? size > 4 : start + size > bytes.length)
      throw new Error("an element claims more bytes than there are");
    elements.push({ type: type & 0xffff, data: bytes.subarray(start, start + size) });
    const next = isShort ? at + 8 : start + size;
    at = type === compressed ? next : Math.ceil(next / 8) * 8;
  }
  return elements;
}

function unpacked(element: Element): Element {
  if (element.type !== compressed) return element;
  const [inner] = elementsOf(inflateSync(element.data, { maxOutputLength: mostBytes }));
  if (!inner) throw new Error("a compressed variable is empty");
  return inner;
}

interface NamedValue {
  readonly name: string;
  /** Undefined if it is of a kind that is not read. */
  readonly value: MatValue | undefined;
}

/** A matrix: flags with its class, sizes, name, and what the class needs. */
function matrixOf({ type, data }: Element, depth: number): NamedValue {
  if (type !== matrix) throw new Error(`a variable of type ${type} was expected to be a matrix`);
  if (depth > deepest) throw new Error("its values are nested too deeply");
  if (data.length === 0) return { name: "", value: new Float64Array(0) };
  const [flags, sizes, label, ...contents] = elementsOf(data);
  if (!flags || flags.data.length < 8 || !sizes || !label) throw new Error("a matrix lacks a part");
  const count = numbersOf(sizes).reduce((product, size) => product * size, 1);
  const value = valueOf(flags.data.readUInt8(0), count, contents, depth);
  return { name: label.data.toString("latin1"), value };
}

function valueOf(
  kind: number,
  count: number,
  contents: readonly Element[],
  depth: number,
): MatValue | undefined {
  const [first] = contents;
  const inner = (elements: readonly Element[]): MatValue[] =>
    elements.map((element) => matrixOf(element, depth + 1).value ?? new Float64Array(0));
  if (kind === 1) return expected(inner(contents), count);
  if (kind === 2) return structures(contents, count, inner);
  if (kind === 4) return first ? textOf(first) : "";
  if (kind < 6 || kind > 15) return undefined;
  return expected(first ? numbersOf(first) : new Float64Array(0), count);
}

/** The names of the fields, padded to one length, and the values of all fields for each element. */
function structures(
  [width, names, ...contents]: readonly Element[],
  count: number,
  inner: (elements: readonly Element[]) => MatValue[],
): MatStructure[] {
  const [length] = width ? numbersOf(width) : [];
  if (!names || length === undefined || length < 1) throw new Error("a structure has no fields");
  const fields = Array.from({ length: Math.floor(names.data.length / length) }, (_, index) =>
    names.data.toString("latin1", index * length, (index + 1) * length).replace(/\0.*$/s, ""),
  );
  const values = expected(inner(contents), count * fields.length);
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(
      fields.map((field, place) => [field, values[index * fields.length + place]!] as const),
    ),
  );
}

function expected<Values extends { readonly length: number }>(
  values: Values,
  count: number,
): Values {
  if (values.length === count) return values;
  throw new Error(`a matrix has ${values.length} values instead of ${count}`);
}

/** Bytes of each type of number, and how to read one. */
const numberTypes: ReadonlyMap<number, readonly [number, (data: Buffer, at: number) => number]> =
  new Map([
    [1, [1, (data: Buffer, at: number) => data.readInt8(at)]],
    [2, [1, (data: Buffer, at: number) => data.readUInt8(at)]],
    [3, [2, (data: Buffer, at: number) => data.readInt16LE(at)]],
    [4, [2, (data: Buffer, at: number) => data.readUInt16LE(at)]],
    [5, [4, (data: Buffer, at: number) => data.readInt32LE(at)]],
    [6, [4, (data: Buffer, at: number) => data.readUInt32LE(at)]],
    [7, [4, (data: Buffer, at: number) => data.readFloatLE(at)]],
    [9, [8, (data: Buffer, at: number) => data.readDoubleLE(at)]],
    [12, [8, (data: Buffer, at: number) => Number(data.readBigInt64LE(at))]],
    [13, [8, (data: Buffer, at: number) => Number(data.readBigUInt64LE(at))]],
  ]);

function numbersOf({ type, data }: Element): Float64Array {
  const found = numberTypes.get(type);
  if (!found) throw new Error(`numbers have the unknown type ${type}`);
  const [width, read] = found;
  return Float64Array.from({ length: data.length / width }, (_, index) =>
    read(data, index * width),
  );
}

/** Text is stored as UTF-8 (16), or as the numbers of its characters. */
function textOf(element: Element): string {
  if (element.type === 16) return element.data.toString("utf8");
  if (element.type === 17) return element.data.toString("utf16le");
  return String.fromCharCode(...numbersOf(element));
}

/**
 * A variable that is a list of numbers.
 * @throws SourceError if the file has no such variable
 */
export function matNumbers(
  path: string,
  variables: ReadonlyMap<string, MatValue>,
  name: string,
): Float64Array {
  const value = variables.get(name);
  if (value instanceof Float64Array) return value;
  const names = [...variables.keys()].join(", ");
  throw new SourceError(`${path} has no numbers named ${name}; its variables are ${names}.`);
}

/**
 * A variable that is an array of structures.
 * @throws SourceError if the file has no such variable
 */
export function matStructures(
  path: string,
  variables: ReadonlyMap<string, MatValue>,
  name: string,
): readonly MatStructure[] {
  const value = variables.get(name);
  if (Array.isArray(value) && value.every(isStructure)) return value;
  const names = [...variables.keys()].join(", ");
  throw new SourceError(`${path} has no structures named ${name}; its variables are ${names}.`);
}

const isStructure = (value: unknown): value is MatStructure =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Float64Array);
