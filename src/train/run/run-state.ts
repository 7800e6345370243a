/** The whole state of a run in one file: parameters, moments, counters, as they are. */
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import {
  type TensorToWrite,
  openSafetensors,
  writeSafetensors,
} from "../../checkpoint/files/safetensors.js";
import { CheckpointError, type StoredDtype } from "../../checkpoint/files/stored-tensor.js";
import { sameShape } from "../../graph/tensor.js";

/** Gradient sums, which every step begins at zero: not kept between steps. */
const scratch = "accumulated/";

const keptPaths = (state: State): string[] =>
  state.paths.filter((path) => !path.startsWith(scratch));

/** Writes the tensors of `state` under their paths; the file appears when it is complete and on the disk. */
export async function writeState(path: string, state: State): Promise<void> {
  await writeSafetensors(
    path,
    keptPaths(state).map((name): TensorToWrite => {
      const { shape, dtype } = state.spec(name);
      return {
        name,
        shape,
        dtype: storedDtype(name, dtype),
        bytes: () => bytesOf(state.read(name)),
      };
    }),
  );
}

/**
 * Reads what `writeState` wrote.
 * @throws CheckpointError unless the file has just the tensors of `state`
 */
export async function readState(path: string, state: State): Promise<void> {
  const files = await openSafetensors(path);
  try {
    const paths = keptPaths(state);
    const wanted = new Set(paths);
    const strange = [...files.tensors.keys()].filter((name) => !wanted.has(name));
    const lacking = paths.filter((name) => !files.tensors.has(name));
    if (strange.length + lacking.length > 0) {
      throw new CheckpointError(
        `${path} is of another run: it has ${strange.length} tensors that this one does not know (${strange.slice(0, 3).join(", ")}) ` +
          `and lacks ${lacking.length} (${lacking.slice(0, 3).join(", ")}). Go on with the recipe it was made with.`,
      );
    }
    for (const [name, stored] of files.tensors) {
      const { shape, dtype, size } = state.spec(name);
      if (stored.dtype !== dtype || !sameShape(stored.shape, shape)) {
        throw new CheckpointError(
          `${name} in ${path} is ${stored.dtype}[${stored.shape.join(", ")}], but this run's is ${String(state.spec(name))}.`,
        );
      }
      const values = dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
      await stored.read(bytesOf(values));
      state.write(name, values);
    }
  } finally {
    await files.close();
  }
}

function storedDtype(path: string, dtype: string): StoredDtype {
  if (dtype === "float32" || dtype === "int32") return dtype;
  throw new TypeError(`${path} is ${dtype}; runs keep float32 and int32.`);
}

function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
