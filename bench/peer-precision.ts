import { hasInstructions } from "./processor.js";
import type { Work } from "./work.js";

/**
 * In which precision PyTorch does work in bfloat16. A processor without instructions for it makes PyTorch many times
 * slower in bfloat16 than in float32, so there float32 is what its users take.
 */
export function peerPrecision(processors?: string): "bfloat16" | "float32" {
  return hasInstructions(["avx512_bf16", "amx_bf16", "bf16"], processors) ? "bfloat16" : "float32";
}

/** The work as PyTorch is given it. */
export function inPeerPrecision(work: Work, precision = peerPrecision()): Work {
  return "dtype" in work && work.dtype === "bfloat16" ? { ...work, dtype: precision } : work;
}
