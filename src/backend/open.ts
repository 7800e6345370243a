import type { Backend } from "./backend.js";
import { type NativeOptions, nativeBackend, nativeFault } from "./native.js";
import { referenceBackend } from "./reference.js";

export interface BackendOptions extends NativeOptions {
  /** Default: `FLAVA_BACKEND`, else native if its kernels were built, else reference. */
  readonly name?: "native" | "reference";
}

/**
 * Opens the backend that runs programs. Its `dispose` frees all memory. The first fallback to the
 * reference backend emits a warning that says how to get the native one.
 */
export function openBackend(options: BackendOptions = {}): Backend {
  const name = options.name ?? process.env.FLAVA_BACKEND;
  switch (name) {
    case "reference":
      return referenceBackend({ precision: "float32" });
    case "native":
      return nativeBackend(options);
    case undefined:
    case "":
      return bestBackend(options);
    default:
      throw new RangeError(
        `The backends are "native" and "reference", but "${name}" was asked for.`,
      );
  }
}

let warned = false;

function bestBackend(options: NativeOptions): Backend {
  const fault = nativeFault();
  if (!fault) return nativeBackend(options);
  if (!warned) {
    const message = `The reference backend runs, which is many times slower. ${fault.message}`;
    process.emitWarning(message, "FlavaWarning");
  }
  warned = true;
  return referenceBackend({ precision: "float32" });
}
