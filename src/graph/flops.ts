import type { Instruction } from "./plan.js";

/** Multiplications and additions, as the operation counts them. */
export function flopsOf({ op, attributes, inputs, outputs }: Instruction): number {
  const specs = [inputs, outputs].map((tensors) => tensors.map(({ spec }) => spec));
  return op.flops?.(attributes, specs[0]!, specs[1]!) ?? 0;
}
