/** Files in the safetensors format. */
import { open, rename, rm } from "node:fs/promises";
import { sizeOf, type Shape } from "../../graph/tensor.js";
import { openFile } from "./random-access-file.js";
import { dtypes, metadataKey, safetensorsIn } from "./safetensors-header.js";
import { type StoredDtype, type TensorFiles, storedBytes } from "./stored-tensor.js";

const codes: ReadonlyMap<StoredDtype, unknown> = new Map(
  [...dtypes].map(([code, dtype]) => [dtype, code]),
);

/** Opens a file and checks its whole header; the tensors are read later, one at a time. */
export async function openSafetensors(path: string): Promise<TensorFiles> {
  const file = await openFile(path);
  try {
    const tensors = await safetensorsIn(file);
    return { format: "safetensors", tensors, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A tensor to write; `bytes` is called when its turn comes, and may reuse memory. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: Shape;
  readonly bytes: () => Uint8Array | Promise<Uint8Array>;
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
      const data = await bytes();
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
