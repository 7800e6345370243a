/** PyTorch's state dicts, `torch.save` since version 1.6: a zip archive of one pickle and one entry for each storage. */
import { type Shape, sizeOf } from "../graph/tensor.js";
import { type PickleGlobal, type PickleWorld, unpickle } from "./pickle.js";
import {
  CheckpointError,
  type StoredDtype,
  type StoredTensor,
  type TensorFiles,
  checkedSize,
  quote,
  storedBytes,
} from "./stored-tensor.js";
import { type Zip, type ZipEntry, openZip } from "./zip.js";

/** The longest pickle that is read; that of the largest FLAVA has about a megabyte. */
const longestPickle = 16_000_000;

const storageDtypes: Readonly<Record<string, StoredDtype>> = {
  DoubleStorage: "float64",
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "boolean",
};

/** Elements in a row that tensors look at. */
interface Storage {
  readonly kind: "storage";
  readonly dtype: StoredDtype;
  readonly length: number;
  readonly entry: ZipEntry;
}

/** A tensor as the pickle describes it: element (i, j, ..) is number offset + i · strides[0] + j · strides[1] + .. */
interface StridedTensor {
  readonly kind: "tensor";
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** Opens a state dict; its tensors are read later, one at a time. */
export async function openPyTorch(path: string): Promise<TensorFiles> {
  const zip = await openZip(path).catch((error: unknown) => {
    if (!(error instanceof CheckpointError)) throw error;
    throw new CheckpointError(
      `${error.message} Files that PyTorch wrote before version 1.6 have to be saved anew: torch.save(torch.load(..), ..).`,
    );
  });
  try {
    return {
      format: "PyTorch state dict",
      tensors: await readTensors(path, zip),
      close: () => zip.close(),
    };
  } catch (error) {
    await zip.close();
    throw error;
  }
}

async function readTensors(path: string, zip: Zip): Promise<Map<string, StoredTensor>> {
  const pickles = [...zip.entries].filter(([name]) => /^[^/]+\/data\.pkl$/.test(name));
  const [[name, pickle] = ["", undefined], ...more] = pickles;
  if (!pickle || more.length > 0)
    throw new CheckpointError(`${path} is a zip archive, but not one that PyTorch wrote.`);
  if (pickle.size > longestPickle)
    throw new CheckpointError(`${path} has a pickle of ${pickle.size} bytes, too many.`);
  const archive = name.slice(0, -"data.pkl".length);
  await requireLittleEndian(path, zip.entries.get(`${archive}byteorder`));
  const bytes = Buffer.alloc(pickle.size);
  await pickle.readInto(bytes, 0);
  const stateDict = unpickle(
    worldOf(path, (key) => zip.entries.get(`${archive}data/${key}`)),
    bytes,
  );
  if (!(stateDict instanceof Map)) throw new CheckpointError(`${path} holds no state dict.`);
  return new Map(
    [...(stateDict as Map<string, unknown>)].map(([name, value]) => [
      name,
      tensorOf(path, name, value),
    ]),
  );
}

async function requireLittleEndian(path: string, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return; // written before there was a choice
  const bytes = Buffer.alloc(Math.min(entry.size, 8));
  await entry.readInto(bytes, 0);
  if (bytes.toString("latin1").trim() !== "little")
    throw new CheckpointError(`${path} is not little-endian.`);
}

function tensorOf(path: string, name: string, value: unknown): StoredTensor {
  if (!isTensor(value))
    throw new CheckpointError(`${quote(name)} of ${path} is no tensor, so this is no state dict.`);
  const { storage, shape } = value;
  const bytes = sizeOf(shape) * storedBytes[storage.dtype];
  return { dtype: storage.dtype, shape, bytes, read: (target) => readStrided(value, target) };
}

/** What a state dict may name and refer to. */
function worldOf(path: string, entryOf: (key: string) => ZipEntry | undefined): PickleWorld {
  const what = `The pickle of ${path}`;
  const callable: [string, (parameters: readonly unknown[]) => unknown][] = [
    ["collections.OrderedDict", () => new Map()],
    ["torch._utils._rebuild_tensor_v2", (parameters) => rebuildTensor(what, parameters)],
    ["torch._utils._rebuild_parameter", ([tensor]) => tensor],
  ];
  const named: PickleGlobal[] = [
    ...callable.map(([name, make]) => ({ name, make })),
    ...Object.keys(storageDtypes).map((storage) => ({ name: `torch.${storage}` })),
  ];
  const globals = new Map(named.map((global) => [global.name, global]));
  return { what, globals, resolve: (reference) => storageOf(what, reference, entryOf) };
}

/** A storage from its reference ("storage", class, key, device, number of elements). */
function storageOf(
  what: string,
  reference: unknown,
  entryOf: (key: string) => ZipEntry | undefined,
): Storage {
  const [kind, storageClass, key, , length] = Array.isArray(reference)
    ? (reference as unknown[])
    : [];
  const { name } = (storageClass ?? {}) as Partial<PickleGlobal>;
  const dtype = typeof name === "string" ? storageDtypes[name.replace("torch.", "")] : undefined;
  if (kind !== "storage" || !dtype || typeof key !== "string" || typeof length !== "number") {
    throw new CheckpointError(`${what} refers to something that is no storage.`);
  }
  const entry = entryOf(key);
  if (!entry)
    throw new CheckpointError(
      `${what} refers to the storage ${quote(key)}, which the archive does not have.`,
    );
  if (entry.size !== length * storedBytes[dtype]) {
    throw new CheckpointError(
      `${what} says that storage ${key} has ${length} elements, but it has ${entry.size} bytes.`,
    );
  }
  return { kind: "storage", dtype, length, entry };
}

function rebuildTensor(
  what: string,
  [storage, offset, shape, strides]: readonly unknown[],
): StridedTensor {
  if (
    !isStorage(storage) ||
    !Array.isArray(shape) ||
    !Array.isArray(strides) ||
    shape.length !== strides.length
  ) {
    throw new CheckpointError(`${what} describes a tensor wrongly.`);
  }
  const size = checkedSize(`A tensor of ${what}`, shape);
  checkedSize(`A tensor of ${what}`, [offset]);
  for (const stride of strides) checkedSize(`A tensor of ${what}`, [stride]);
  const tensor: StridedTensor = {
    kind: "tensor",
    storage,
    offset: offset as number,
    shape: shape as number[],
    strides: strides as number[],
  };
  // A stride of 0 could make a tensor of any size from one element.
  if (size <= storage.length && tensor.offset + span(tensor) <= storage.length) return tensor;
  throw new CheckpointError(
    `${what} describes a tensor [${shape.join(", ")}] larger than its storage.`,
  );
}

const isStorage = (value: unknown): value is Storage =>
  (value as Partial<Storage> | undefined)?.kind === "storage";
const isTensor = (value: unknown): value is StridedTensor =>
  (value as Partial<StridedTensor> | undefined)?.kind === "tensor";

/** Elements from the first to the last of a tensor, those between them included. */
function span({ shape, strides }: Pick<StridedTensor, "shape" | "strides">): number {
  if (sizeOf(shape) === 0) return 0;
  return shape.reduce((last, length, axis) => last + (length - 1) * (strides[axis] ?? 0), 1);
}

/** Whether the elements lie row by row without gaps. */
function isContiguous({ shape, strides }: StridedTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] ?? 1;
  }
  return true;
}

async function readStrided(tensor: StridedTensor, target: Uint8Array): Promise<void> {
  const { storage, offset, shape, strides } = tensor;
  const width = storedBytes[storage.dtype];
  if (sizeOf(shape) === 0) return;
  if (isContiguous(tensor)) return storage.entry.readInto(target, offset * width);
  const source = Buffer.alloc(span(tensor) * width);
  await storage.entry.readInto(source, offset * width);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.length; to += width) {
    for (let byte = 0; byte < width; byte++) target[to + byte] = source[from * width + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
}
