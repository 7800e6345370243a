/** The whole state of a run in one file: parameters, moments and counters, unconverted. */
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { openSafetensors, writeSafetensors } from "../../checkpoint/files/safetensors.js";
import { CheckpointError, type StoredDtype } from "../../checkpoint/files/stored-tensor.js";
import type { TensorToWrite } from "../../checkpoint/files/tensor-to-write.js";
import { sameShape } from "../../graph/tensor.js";

/** Gradient sums start at zero in every step, so checkpoints omit them. */
const scratch = "accumulated/";

const keptPaths = (state: State): string[] =>
  state.paths.filter((path) => !path.startsWith(scratch));

/** Bytes of the tensors that are saved. */
export function savedBytes(state: State): number {
  return keptPaths(state).reduce((sum, path) => sum + state.spec(path).bytes, 0);
}

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
        bytes: async () => bytesOf(await state.read(name)),
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
      const faults = [
        ...(unknown.length > 0 ? [`has unknown tensors (${some(unknown)})`] : []),
        ...(missing.length > 0 ? [`lacks tensors (${some(missing)})`] : []),
      ];
      throw new CheckpointError(
        `${path} belongs to another run: it ${faults.join(" and ")}. Resume with the recipe that made it.`,
      );
    }
    for (const [name, stored] of files.tensors) {
      const { shape, dtype, size } = state.spec(name);
      if (stored.dtype !== dtype || !sameShape(stored.shape, shape)) {
        throw new CheckpointError(
          `${name} in ${path} is ${stored.dtype}[${stored.shape.join(", ")}], but this run expects ` +
            `${String(state.spec(name))}.`,
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

/** At most three of the names. */
function some(names: readonly string[]): string {
  const rest = names.length - 3;
  return `${names.slice(0, 3).join(", ")}${rest > 0 ? `, and ${rest} more` : ""}`;
}

function storedDtype(path: string, dtype: string): StoredDtype {
  if (dtype === "float32" || dtype === "int32") return dtype;
  throw new TypeError(`${path} is ${dtype}; a run holds only float32 and int32.`);
}

function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
