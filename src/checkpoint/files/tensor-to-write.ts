/** What safetensors files are made of, wherever they are written. */
import { sizeOf, type Shape } from "../../graph/tensor.js";
import { dtypes, metadataKey } from "./safetensors-header.js";
import { type StoredDtype, storedBytes } from "./stored-tensor.js";

const codes: ReadonlyMap<StoredDtype, unknown> = new Map(
  [...dtypes].map(([code, dtype]) => [dtype, code]),
);

/** A tensor to write; `bytes` is called when its turn comes, and may reuse memory. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: Shape;
  readonly bytes: () => Uint8Array | Promise<Uint8Array>;
}

/** The bytes of a tensor; throws a `RangeError` if they are too many or too few. */
export async function bytesOf({ name, dtype, shape, bytes }: TensorToWrite): Promise<Uint8Array> {
  const data = await bytes();
  if (data.length === sizeOf(shape) * storedBytes[dtype]) return data;
  throw new RangeError(
    `${name} is ${dtype}[${shape.join(", ")}], but ${data.length} bytes were given.`,
  );
}

/** The length and the header, padded with spaces so that the data starts at a multiple of eight. */
export function headerOf(tensors: readonly TensorToWrite[]): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = tensors.map(({ name, dtype, shape }) => {
    const begin = end;
    end += sizeOf(shape) * storedBytes[dtype];
    return [name, { dtype: codes.get(dtype), shape, data_offsets: [begin, end] }] as const;
  });
  const header = Object.fromEntries<object>([[metadataKey, { format: "pt" }], ...entries]);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(" ".charCodeAt(0));
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(json, 8);
  return padded;
}

/** A whole file in memory. */
export async function safetensorsBytes(
  tensors: readonly TensorToWrite[],
): Promise<Uint8Array<ArrayBuffer>> {
  const header = headerOf(tensors);
  const sizes = tensors.map(({ dtype, shape }) => sizeOf(shape) * storedBytes[dtype]);
  const file = new Uint8Array(header.length + sizes.reduce((sum, size) => sum + size, 0));
  file.set(header);
  let offset = header.length;
  for (const [index, tensor] of tensors.entries()) {
    file.set(await bytesOf(tensor), offset);
    offset += sizes[index]!;
  }
  return file;
}
