/** CIFAR-10 and CIFAR-100 as their authors distribute them: pickles of NumPy arrays, or rows of bytes. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { Opaque, type PickleWorld, unpickle } from "../../../base/pickle.js";
import { encodePnm, interleaved } from "../../image/codecs/pnm.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError, reasonOf } from "../source-error.js";
import { classAt } from "../labeled/class-names.js";
import { fileRows } from "./file-rows.js";
import { type RawRecord, rawImages } from "./raw-images.js";

const side = 32;
const pixelBytes = side * side * 3;

/** A batch file of pickled values. */
interface Batch {
  /** Class numbers. */
  readonly labels: readonly number[];
  /** `[N, 3, 32, 32]` */
  readonly pixels: Buffer;
}

/**
 * The images of pickled batches, such as data_batch_1.
 * @param labels the key of the labels: "labels", or "fine_labels" for CIFAR-100
 * @throws SourceError if a file is no such batch, or labels and images differ in number
 */
export async function cifarPickles(
  paths: readonly string[],
  labels: "labels" | "fine_labels",
  classes: readonly string[],
): Promise<LabeledSource> {
  let samples = 0;
  for (const path of paths) samples += (await readBatch(path, labels)).labels.length;
  return rawImages(paths[0]!, samples, async function* () {
    for (const path of paths) {
      const batch = await readBatch(path, labels);
      for (const [index, number] of batch.labels.entries()) {
        const planes = batch.pixels.subarray(index * pixelBytes, (index + 1) * pixelBytes);
        yield record(path, index, number, planes, classes);
      }
    }
  });
}

function record(
  path: string,
  index: number,
  number: number,
  planes: Uint8Array,
  classes: readonly string[],
): RawRecord {
  return {
    key: `${basename(path)}/${index}`,
    label: classAt(classes, number, `${path}, image ${index},`),
    image: encodePnm(side, side, 3, interleaved(planes)),
  };
}

/** Strings of Python 2 that are shorter are text, such as keys; images are longer. */
const longestText = 256;

/** An array whose elements are set by the instruction after the one that makes it. */
class ByteArray {
  bytes: Buffer = Buffer.alloc(0);
}

async function readBatch(path: string, key: string): Promise<Batch> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}.`);
  });
  const batch = unpickle(worldOf(path), bytes);
  const values = new Map<unknown, unknown>(batch instanceof Map ? batch : []);
  const [labels, data] = [values.get(key), values.get("data")];
  const isLabels = Array.isArray(labels) && labels.every(Number.isInteger);
  if (!isLabels || !(data instanceof ByteArray))
    throw new SourceError(
      `${path} is no batch of CIFAR: expected a dictionary with a list of ${key} and an array of data.`,
    );
  const { bytes: pixels } = data;
  if (pixels.length === labels.length * pixelBytes && labels.length > 0)
    return { labels: labels as number[], pixels };
  throw new SourceError(
    `${path} has ${labels.length} labels but ${pixels.length / pixelBytes} images of ${side} x ${side} pixels.`,
  );
}

/** What the pickle of a batch may name: NumPy's arrays of bytes, however Python 2 or 3 writes them. */
function worldOf(path: string): PickleWorld {
  const array = { make: () => new ByteArray() };
  const named = [
    ...["numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"].map(
      (name) => ({ name, ...array }),
    ),
    { name: "numpy.ndarray" },
    {
      name: "numpy.dtype",
      make: ([type]: readonly unknown[]) => new Opaque(`dtype ${String(type)}`),
    },
    {
      name: "_codecs.encode",
      make: ([text]: readonly unknown[]) => Buffer.from(String(text), "latin1"),
    },
  ];
  return {
    what: path,
    globals: new Map(named.map((global) => [global.name, global])),
    resolve: () => undefined,
    error: (message) => new SourceError(`${message} It is damaged, or no batch of CIFAR.`),
    bytes: (bytes) => (bytes.length < longestText ? bytes.toString("latin1") : bytes),
    setState: (object, state) => {
      if (object instanceof ByteArray) object.bytes = elementsOf(path, state);
    },
  };
}

/** The elements in the state of an array: version, shape, dtype, whether columns come first, bytes. */
function elementsOf(path: string, state: unknown): Buffer {
  const [, , dtype, columnsFirst, bytes] = (Array.isArray(state) ? state : []) as unknown[];
  const isBytes = dtype instanceof Opaque && /^dtype [|<]?u1$/.test(dtype.name);
  if (isBytes && columnsFirst === false && Buffer.isBuffer(bytes)) return bytes;
  throw new SourceError(`${path} holds an array of something other than rows of bytes.`);
}

/**
 * The images of binary batches, such as data_batch_1.bin: rows of the class numbers, of which the last counts, and pixels.
 * @param numbers how many class numbers a row begins with: 1, or 2 for CIFAR-100 (coarse and fine)
 * @throws SourceError if a file does not consist of such rows
 */
export async function cifarBinaries(
  paths: readonly string[],
  numbers: 1 | 2,
  classes: readonly string[],
): Promise<LabeledSource> {
  const rowBytes = numbers + pixelBytes;
  const counts: number[] = [];
  for (const path of paths) {
    const { size } = await stat(path);
    if (size === 0 || size % rowBytes !== 0)
      throw new SourceError(
        `${path} has ${size} bytes, which are not rows of ${rowBytes}. It is cut off, or no binary file of CIFAR.`,
      );
    counts.push(size / rowBytes);
  }
  const samples = counts.reduce((sum, count) => sum + count);
  return rawImages(paths[0]!, samples, async function* () {
    for (const [file, path] of paths.entries()) {
      let index = 0;
      for await (const row of fileRows(path, 0, counts[file]!, rowBytes))
        yield record(path, index++, row[numbers - 1]!, row.subarray(numbers), classes);
    }
  });
}
