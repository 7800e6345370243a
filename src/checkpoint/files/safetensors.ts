/**
 * The safetensors format: the length of a JSON header in eight bytes, the header with each tensor's dtype, shape and
 * offsets, and the tensors one after another without gaps.
 */
import { quote } from "../../base/quote.js";
import { open, rename, rm } from "node:fs/promises";
import { sizeOf, type Shape } from "../../graph/tensor.js";
import { type JsonObject, isObject, parseObject } from "./json.js";
import { type RandomAccessFile, openFile } from "./random-access-file.js";
import {
  CheckpointError,
  type StoredDtype,
  type StoredTensor,
  type TensorFiles,
  checkedSize,
  storedBytes,
} from "./stored-tensor.js";

const dtypes: ReadonlyMap<unknown, StoredDtype> = new Map([
  ["F64", "float64"],
  ["F32", "float32"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I64", "int64"],
  ["I32", "int32"],
  ["I16", "int16"],
  ["I8", "int8"],
  ["U8", "uint8"],
  ["BOOL", "boolean"],
]);
const codes: ReadonlyMap<StoredDtype, unknown> = new Map(
  [...dtypes].map(([code, dtype]) => [dtype, code]),
);

/** The limit of the safetensors library. */
const longestHeader = 100_000_000;
const metadataKey = "__metadata__";

interface Entry {
  readonly name: string;
  /** A `StoredDtype`, or the file's own name for another dtype. */
  readonly dtype: string;
  readonly shape: Shape;
  /** Range of the tensor's bytes, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** Opens a file and checks its whole header; the tensors are read later, one at a time. */
export async function openSafetensors(path: string): Promise<TensorFiles> {
  const file = await openFile(path);
  try {
    const { header, dataStart } = await readHeader(file);
    const entries = entriesOf(path, header);
    checkCoverage(path, entries, file.bytes - dataStart);
    const tensors = new Map(
      entries.map((entry) => [entry.name, storedTensor(file, dataStart, entry)]),
    );
    return { format: "safetensors", tensors, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: RandomAccessFile,
): Promise<{ header: JsonObject; dataStart: number }> {
  const length = Number((await file.read(0, 8)).readBigUInt64LE());
  if (length > file.bytes - 8 || length > longestHeader) {
    throw new CheckpointError(
      `${file.path} is not a safetensors file: it has ${file.bytes} bytes, but claims a header of ${length}.`,
    );
  }
  const header = parseObject(`The header of ${file.path}`, await file.read(8, length));
  return { header, dataStart: 8 + length };
}

function entriesOf(path: string, header: JsonObject): Entry[] {
  const metadata = header[metadataKey] ?? {};
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw new CheckpointError(`The metadata of ${path} is not a map of strings.`);
  }
  return Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, entry]) => entryOf(name, `Tensor ${quote(name)} of ${path}`, entry));
}

function entryOf(name: string, what: string, entry: unknown): Entry {
  if (!isObject(entry)) throw new CheckpointError(`${what} has no description.`);
  if (typeof entry.dtype !== "string") throw new CheckpointError(`${what} has no dtype.`);
  const dtype = dtypes.get(entry.dtype);
  const shape = entry.shape;
  if (!Array.isArray(shape)) throw new CheckpointError(`${what} has no shape.`);
  const size = checkedSize(what, shape);
  const [begin, end, ...more] = offsetsOf(what, entry.data_offsets);
  if (begin === undefined || end === undefined || more.length > 0) {
    throw new CheckpointError(`${what} needs two data offsets.`);
  }
  const bytes = dtype ? size * storedBytes[dtype] : Math.max(0, end - begin);
  if (end - begin !== bytes) {
    throw new CheckpointError(
      `${what} is ${dtype ?? entry.dtype}[${shape.join(", ")}], ${bytes} bytes, but has ${end - begin}.`,
    );
  }
  return { name, dtype: dtype ?? entry.dtype, shape: shape as number[], begin, end };
}

function offsetsOf(what: string, offsets: unknown): number[] {
  if (!Array.isArray(offsets)) throw new CheckpointError(`${what} has no data offsets.`);
  return offsets.map((offset: unknown) => {
    if (typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0) return offset;
    throw new CheckpointError(
      `${what} has the data offset ${quote(offset)}; offsets are integers >= 0.`,
    );
  });
}

/** The tensors must fill the data of the file: no gaps, no overlaps, nothing left over. */
function checkCoverage(path: string, entries: readonly Entry[], dataBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin !== covered) {
      const fault =
        begin < covered
          ? "overlaps the tensor before it"
          : `leaves a gap of ${begin - covered} bytes`;
      throw new CheckpointError(`Tensor ${quote(name)} of ${path} ${fault}.`);
    }
    covered = end;
  }
  if (covered === dataBytes) return;
  throw new CheckpointError(
    `${path} has ${dataBytes} bytes of data, but its tensors take ${covered}.`,
  );
}

function storedTensor(
  file: RandomAccessFile,
  dataStart: number,
  { dtype, shape, begin, end }: Entry,
): StoredTensor {
  return {
    dtype,
    shape,
    bytes: end - begin,
    read: (target) => file.readInto(target, dataStart + begin),
    readPart: (from, target) => file.readInto(target, dataStart + begin + from),
    place: { file, offset: dataStart + begin },
  };
}

/** A tensor to write; `bytes` is called when its turn comes, and may reuse memory. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: Shape;
  readonly bytes: () => Uint8Array;
}

/** Writes tensors one after another; the file appears under its name once complete. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, "w");
  try {
    await file.writeFile(headerOf(tensors));
    for (const { name, dtype, shape, bytes } of tensors) {
      const data = bytes();
      if (data.length !== sizeOf(shape) * storedBytes[dtype]) {
        throw new RangeError(
          `${name} is ${dtype}[${shape.join(", ")}], but ${data.length} bytes were given.`,
        );
      }
      await file.writeFile(data);
    }
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}

/** The length and the header, padded with spaces so that the data starts at a multiple of eight. */
function headerOf(tensors: readonly TensorToWrite[]): Buffer {
  let end = 0;
  const entries = tensors.map(({ name, dtype, shape }) => {
    const begin = end;
    end += sizeOf(shape) * storedBytes[dtype];
    return [name, { dtype: codes.get(dtype), shape, data_offsets: [begin, end] }] as const;
  });
  const header = Object.fromEntries<object>([[metadataKey, { format: "pt" }], ...entries]);
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  return padded;
}
