/**
 * Files of `torch.save` before version 1.6, or with its zip format disabled: consecutive pickles (a magic number, the
 * format version, system information, the object, the keys of its storages), then the storages, each after its
 * number of elements.
 */
import { quote } from "../../../base/quote.js";
import { type RandomAccessFile, openFile } from "../random-access-file.js";
import { CheckpointError } from "../stored-tensor.js";
import { unpickleAt } from "../../../base/pickle.js";
import { type Content, tensorWorld } from "./tensors.js";

/** The pickle of the number 0x1950a86a20f9469cfc6c, which starts such a file. */
const magic = Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex");
const version = 1001;
/** Maximum size in bytes of the pickles at the beginning. */
const longestPickles = 16_000_000;

/** A storage referenced by the pickle, and its location once the keys after the pickle have been read. */
interface Place {
  readonly bytes: number;
  readonly elements: number;
  start?: number;
}

/** Whether a file has this format. */
export async function isLegacy(path: string): Promise<boolean> {
  const file = await openFile(path);
  try {
    return file.bytes > magic.length && magic.equals(await file.read(0, magic.length));
  } finally {
    await file.close();
  }
}

/** Opens such a file and returns the saved object; its tensors are read later. */
export async function openLegacy(
  path: string,
): Promise<{ readonly object: unknown; close(): Promise<void> }> {
  const file = await openFile(path);
  try {
    return { object: await readObject(file), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readObject(file: RandomAccessFile): Promise<unknown> {
  const bytes = await file.read(0, Math.min(file.bytes, longestPickles));
  const what = `The pickle of ${file.path}`;
  const places = new Map<string, Place>();
  const world = tensorWorld(what, (key, elements, width) => {
    if (width === undefined)
      throw new CheckpointError(
        `${what} has a storage of elements of unknown size, ${quote(key)}.`,
      );
    const place = places.get(key) ?? { bytes: elements * width, elements };
    places.set(key, place);
    return contentAt(file, place);
  });
  let end = magic.length;
  const next = (): unknown => {
    const pickle = unpickleAt(world, bytes, end);
    ({ end } = pickle);
    return pickle.value;
  };
  const found = next();
  if (found !== version)
    throw new CheckpointError(`${file.path} is of version ${quote(found)}, not ${version}.`);
  const machine = next();
  if (machine instanceof Map && machine.get("little_endian") === false)
    throw new CheckpointError(`${file.path} is not little-endian.`);
  const object = next();
  await locate(file, places, next(), end);
  return object;
}

/** Locates the storages, which follow one another in the order of `keys` from byte `start` on. */
async function locate(
  file: RandomAccessFile,
  places: ReadonlyMap<string, Place>,
  keys: unknown,
  start: number,
): Promise<void> {
  if (!Array.isArray(keys)) throw new CheckpointError(`${file.path} has no list of its storages.`);
  let at = start;
  for (const key of keys as unknown[]) {
    const place = places.get(String(key));
    if (!place || place.start !== undefined)
      throw new CheckpointError(`${file.path} lists the storage ${quote(key)} wrongly.`);
    const elements = Number((await file.read(at, 8)).readBigInt64LE());
    if (elements !== place.elements || at + 8 + place.bytes > file.bytes) {
      throw new CheckpointError(
        `${file.path} has ${elements} elements in storage ${quote(key)}, but should have ${place.elements}.`,
      );
    }
    place.start = at + 8;
    at = place.start + place.bytes;
  }
  const lost = [...places].find(([, place]) => place.start === undefined);
  if (lost) throw new CheckpointError(`${file.path} lacks the storage ${quote(lost[0])}.`);
}

function contentAt(file: RandomAccessFile, place: Place): Content {
  return {
    size: place.bytes,
    readInto: (target, position) => file.readInto(target, (place.start ?? file.bytes) + position),
  };
}
