/** The whole state of a run in one file: parameters, moments and counters, unconverted. */
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import {
  type TensorToWrite,
  openSafetensors,
  writeSafetensors,
} from "../../checkpoint/files/safetensors.js";
import { CheckpointError, type StoredDtype } from "../../checkpoint/files/stored-tensor.js";
import { sameShape } from "../../graph/tensor.js";

/** Gradient sums start at zero in every step, so checkpoints omit them. */
const scratch = "accumulated/";

const keptPaths = (state: State): string[] =>
  state.paths.filter((path) => !path.startsWith(scratch));

/** Writes the tensors of `state` under their paths; the file appears once it is complete and on disk. */
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
 * @throws CheckpointError unless the file has exactly the tensors of `state`
 */
export async function readState(path: string, state: State): Promise<void> {
  const files = await openSafetensors(path);
  try {
    const paths = keptPaths(state);
    const expected = new Set(paths);
    const unknown = [...files.tensors.keys()].filter((name) => !expected.has(name));
    const missing = paths.filter((name) => !files.tensors.has(name));
    if (unknown.length + missing.length > 0) {
      throw new CheckpointError(
        `${path} belongs to another run: ${listed("unknown tensors", unknown)}, ${listed("missing tensors", missing)}. ` +
          "Resume with the recipe that made it.",
      );
    }
    for (const [name, stored] of files.tensors) {
      const { shape, dtype, size } = state.spec(name);
      if (stored.dtype !== dtype || !sameShape(stored.shape, shape)) {
        throw new CheckpointError(
          `${name} in ${path} is ${stored.dtype}[${stored.shape.join(", ")}], but in this run it is ${String(state.spec(name))}.`,
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

/** Such as "2 missing tensors (a, b)"; names at most three. */
function listed(noun: string, names: readonly string[]): string {
  const some = names.length === 0 ? "" : ` (${names.slice(0, 3).join(", ")})`;
  return `${names.length} ${noun}${some}`;
}

function storedDtype(path: string, dtype: string): StoredDtype {
  if (dtype === "float32" || dtype === "int32") return dtype;
  throw new TypeError(`${path} is ${dtype}; runs keep float32 and int32.`);
}

function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
