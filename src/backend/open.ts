import type { Backend } from "./backend.js";
import { type NativeOptions, nativeBackend, nativeLevels } from "./native.js";
import { referenceBackend } from "./reference.js";

export interface BackendOptions extends NativeOptions {
  /** Default: `FLAVA_BACKEND`, else native where its kernels were built, else reference. */
  readonly name?: "native" | "reference";
}

/** Opens the backend that runs programs. Its `dispose` frees all memory. */
export function openBackend(options: BackendOptions = {}): Backend {
  const name = options.name ?? process.env.FLAVA_BACKEND;
  switch (name) {
    case "reference":
      return referenceBackend({ precision: "float32" });
    case "native":
      return nativeBackend(options);
    case undefined:
    case "":
      return nativeLevels().length > 0
        ? nativeBackend(options)
        : referenceBackend({ precision: "float32" });
    default:
      throw new RangeError(
        `The backends are "native" and "reference", but "${name}" was asked for.`,
      );
  }
}
