/** The tensors described by a PyTorch pickle: views of storages, whose elements are elsewhere in the file. */
import { quote } from "../../../base/quote.js";
import { type Shape, sizeOf } from "../../../graph/tensor.js";
import {
  CheckpointError,
  type StoredDtype,
  type StoredTensor,
  checkedSize,
  storedBytes,
} from "../stored-tensor.js";
import { Opaque, type PickleGlobal, type PickleWorld } from "../../../base/pickle.js";

const storageDtypes: ReadonlyMap<string, StoredDtype> = new Map([
  ["torch.DoubleStorage", "float64"],
  ["torch.FloatStorage", "float32"],
  ["torch.HalfStorage", "float16"],
  ["torch.BFloat16Storage", "bfloat16"],
  ["torch.LongStorage", "int64"],
  ["torch.IntStorage", "int32"],
  ["torch.ShortStorage", "int16"],
  ["torch.CharStorage", "int8"],
  ["torch.ByteStorage", "uint8"],
  ["torch.BoolStorage", "boolean"],
]);

/** The bytes of a storage in the file. */
export interface Content {
  readonly size: number;
  /** Fills `target` with the storage's bytes from `position` on. */
  readInto(target: Uint8Array, position: number): Promise<void>;
}

/** Contiguous elements that tensors are views of. */
interface Storage {
  readonly kind: "storage";
  /** A `StoredDtype`, or the name of a class of elements that are never read. */
  readonly dtype: string;
  readonly length: number;
  readonly content: Content;
}

/** A tensor as the pickle describes it: element (i, j, ..) is number offset + i · strides[0] + j · strides[1] + .. */
export interface StridedTensor {
  readonly kind: "tensor";
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** Returns the content of a storage of `length` elements, each of `width` bytes if the class is known. */
type FindContent = (key: string, length: number, width: number | undefined) => Content;

/** What a state dict may name and refer to. `what` names the pickle in messages. */
export function tensorWorld(what: string, find: FindContent): PickleWorld {
  const callable: [string, (parameters: readonly unknown[]) => unknown][] = [
    ["collections.OrderedDict", (parameters) => orderedDict(what, parameters)],
    ["torch._utils._rebuild_tensor", (parameters) => rebuildTensor(what, parameters)],
    ["torch._utils._rebuild_tensor_v2", (parameters) => rebuildTensor(what, parameters)],
    ["torch._utils._rebuild_tensor_v3", (parameters) => rebuildRare(what, parameters)],
    ["torch._utils._rebuild_parameter", ([tensor]) => tensor],
  ];
  const named: PickleGlobal[] = [
    ...callable.map(([name, make]) => ({ name, make })),
    ...[...storageDtypes.keys()].map((name) => ({ name })),
  ];
  const globals = new Map(named.map((global) => [global.name, global]));
  return {
    what,
    globals,
    resolve: (reference) => storageOf(what, reference, find),
    error: (message) => new CheckpointError(message),
  };
}

/** Python 2 passes the pairs to the constructor; Python 3 stores them afterwards. */
function orderedDict(what: string, [pairs = []]: readonly unknown[]): Map<unknown, unknown> {
  if (Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    return new Map(pairs as [unknown, unknown][]);
  throw new CheckpointError(`${what} makes a dictionary of something other than pairs.`);
}

/** A storage from its reference ("storage", class, key, device, number of elements). */
function storageOf(what: string, reference: unknown, find: FindContent): Storage {
  const [kind, storageClass, key, , length, view] = Array.isArray(reference)
    ? (reference as unknown[])
    : [];
  const { name } = (storageClass ?? {}) as Partial<PickleGlobal>;
  const isNamed = kind === "storage" && typeof name === "string" && typeof key === "string";
  if (!isNamed || typeof length !== "number")
    throw new CheckpointError(`${what} refers to something that is not a storage.`);
  if (view !== undefined)
    throw new CheckpointError(`${what} refers to a view of a storage, as PyTorch 0.1 wrote them.`);
  const known = storageDtypes.get(name);
  const width = known && storedBytes[known];
  const content = find(key, length, width);
  if (width !== undefined && content.size !== length * width) {
    throw new CheckpointError(
      `${what} says that storage ${key} has ${length} elements, but it has ${content.size} bytes.`,
    );
  }
  return { kind: "storage", dtype: known ?? name, length, content };
}

function rebuildTensor(
  what: string,
  [storage, offset, shape, strides]: readonly unknown[],
): StridedTensor | Opaque {
  if (storage instanceof Opaque) return storage;
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

/** A tensor of a dtype without a storage class, such as float8: named, but never read. */
function rebuildRare(what: string, parameters: readonly unknown[]): StridedTensor | Opaque {
  const [storage, offset, shape, strides, , , dtype] = parameters;
  if (!isStorage(storage) || !(dtype instanceof Opaque))
    return new Opaque(`${rebuilding}tensor_v3`);
  return rebuildTensor(what, [{ ...storage, dtype: dtype.name }, offset, shape, strides]);
}

/** How the functions that make tensors begin, those of unknown kinds of tensors included. */
const rebuilding = "torch._utils._rebuild_";

/** Whether an object is a tensor of an unknown kind, such as a quantized or sparse one. */
export const isUnknownTensor = (value: unknown): value is Opaque =>
  value instanceof Opaque && value.name.startsWith(rebuilding);

/** A tensor of an unknown kind, so that it can be named; its shape is not known either. */
export function unknownTensor(name: string, { name: dtype }: Opaque): StoredTensor {
  const read = (): Promise<void> =>
    Promise.reject(
      new CheckpointError(`${quote(name)} is made by ${dtype}, which is not supported.`),
    );
  return { dtype, shape: [], bytes: 0, read };
}

const isStorage = (value: unknown): value is Storage =>
  (value as Partial<Storage> | null | undefined)?.kind === "storage";

export const isTensor = (value: unknown): value is StridedTensor =>
  (value as Partial<StridedTensor> | null | undefined)?.kind === "tensor";

/** The tensor as part of a checkpoint; its elements are read on demand. */
export function storedTensor(name: string, tensor: StridedTensor): StoredTensor {
  const { storage, shape } = tensor;
  const width = storage.length === 0 ? 0 : storage.content.size / storage.length;
  const { dtype } = storage;
  const read = async (target: Uint8Array): Promise<void> => {
    if (!Object.hasOwn(storedBytes, dtype))
      throw new CheckpointError(`${quote(name)} has elements of ${dtype}, which is not supported.`);
    await readStrided(tensor, width, target);
  };
  return { dtype, shape, bytes: sizeOf(shape) * width, read };
}

/** Elements that a tensor spans, from its first to its last. */
function span({ shape, strides }: Pick<StridedTensor, "shape" | "strides">): number {
  if (sizeOf(shape) === 0) return 0;
  return shape.reduce((last, length, axis) => last + (length - 1) * (strides[axis] ?? 0), 1);
}

/** Whether the elements are contiguous, row by row. */
function isContiguous({ shape, strides }: StridedTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] ?? 1;
  }
  return true;
}

/** Reads a tensor of elements of `width` bytes. */
async function readStrided(
  tensor: StridedTensor,
  width: number,
  target: Uint8Array,
): Promise<void> {
  const { storage, offset, shape, strides } = tensor;
  if (sizeOf(shape) === 0) return;
  if (isContiguous(tensor)) return storage.content.readInto(target, offset * width);
  const source = Buffer.alloc(span(tensor) * width);
  await storage.content.readInto(source, offset * width);
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
