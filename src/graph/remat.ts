import { inRegion } from "./trace.js";

/**
 * Rematerialization: traces `f` so that the backward pass recomputes its intermediate values instead of keeping them.
 * That saves memory at the cost of a second forward pass. The results of `f` are kept. Gradients do not change.
 */
export function remat<T>(f: () => T): T {
  return inRegion(f);
}
