import { inRegion } from "./trace.js";

/**
 * Traces `f` so that the backward pass computes its inner values anew instead of keeping them: memory for one region at
 * a time, at the price of a second forward pass. What `f` returns is kept. Gradients do not change.
 */
export function remat<T>(f: () => T): T {
  return inRegion(f);
}
