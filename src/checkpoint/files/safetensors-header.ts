/**
 * The safetensors format: the length of a JSON header in eight bytes, the header with each tensor's dtype, shape and
 * offsets, and the tensors one after another without gaps.
 */
import { quote } from "../../base/quote.js";
import type { Shape } from "../../graph/tensor.js";
import { type JsonObject, isObject, parseObject } from "./json.js";
import { type ByteSource, isOpen } from "./byte-source.js";
import {
  CheckpointError,
  type StoredDtype,
  type StoredTensor,
  checkedSize,
  storedBytes,
} from "./stored-tensor.js";

export const dtypes: ReadonlyMap<unknown, StoredDtype> = new Map([
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
/** The limit of the safetensors library. */
const longestHeader = 100_000_000;
export const metadataKey = "__metadata__";

interface Entry {
  readonly name: string;
  /** A `StoredDtype`, or the file's own name for another dtype. */
  readonly dtype: string;
  readonly shape: Shape;
  /** Range of the tensor's bytes, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** Checks the whole header of a file, and lists its tensors, which are read later, one at a time. */
export async function safetensorsIn(source: ByteSource): Promise<Map<string, StoredTensor>> {
  const { header, dataStart } = await readHeader(source);
  const entries = entriesOf(source.path, header);
  checkCoverage(source.path, entries, source.bytes - dataStart);
  return new Map(entries.map((entry) => [entry.name, storedTensor(source, dataStart, entry)]));
}

async function readHeader(file: ByteSource): Promise<{ header: JsonObject; dataStart: number }> {
  const start = await file.read(0, 8);
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
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
  file: ByteSource,
  dataStart: number,
  { dtype, shape, begin, end }: Entry,
): StoredTensor {
  return {
    dtype,
    shape,
    bytes: end - begin,
    read: (target) => file.readInto(target, dataStart + begin),
    readPart: (from, target) => file.readInto(target, dataStart + begin + from),
    ...(isOpen(file) && { place: { file, offset: dataStart + begin } }),
  };
}
