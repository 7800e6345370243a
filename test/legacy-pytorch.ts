/** Files as `torch.save` wrote them before version 1.6, byte by byte, for tests that need no Python. */

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
};
const int = (value: number): Buffer => Buffer.concat([Buffer.from("J"), int32(value)]);
const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from("X"), int32(Buffer.byteLength(value)), Buffer.from(value)]);
const tuple = (...items: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from("("), ...items, Buffer.from("t")]);
const global = (name: string): Buffer => Buffer.from(`c${name.replace(/\.([^.]*)$/, "\n$1")}\n`);
const pickle = (value: Buffer): Buffer =>
  Buffer.concat([Buffer.of(0x80, 2), value, Buffer.from(".")]);

/** A dictionary of pickled values. */
export function dict(entries: Readonly<Record<string, Buffer>>): Buffer {
  const items = Object.entries(entries).flatMap(([key, value]) => [text(key), value]);
  return Buffer.concat([Buffer.from("}("), ...items, Buffer.from("u")]);
}

/** The result of calling a Python object, given by module and name, with a state. */
export function object(name: string, state = dict({})): Buffer {
  return Buffer.concat([global(name), Buffer.from(")R"), state, Buffer.from("b")]);
}

/** A tensor whose elements are all those of a storage, row by row. */
export function tensor(key: string, storage: string, shape: readonly number[]): Buffer {
  const size = shape.reduce((product, length) => product * length, 1);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const reference = tuple(
    ...[text("storage"), global(`torch.${storage}`), text(key), text("cpu"), int(size)],
    Buffer.from("N"),
  );
  const [sizes, steps] = [shape, strides].map((numbers) => tuple(...numbers.map(int)));
  return Buffer.concat([
    global("torch._utils._rebuild_tensor_v2"),
    tuple(Buffer.concat([reference, Buffer.from("Q")]), int(0), sizes!, steps!),
    Buffer.from("R"),
  ]);
}

/** The whole file: magic number, version, machine, object, keys of the storages, and the storages (four bytes per element). */
export function legacyFile(value: Buffer, storages: Readonly<Record<string, Buffer>>): Buffer {
  const keys = tuple(...Object.keys(storages).map(text));
  return Buffer.concat([
    Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex"),
    ...[int(1001), dict({ little_endian: Buffer.of(0x88) }), value, keys].map(pickle),
    ...Object.values(storages).flatMap((bytes) => [int64(bytes.length / 4), bytes]),
  ]);
}
