import type { PlacedTensor } from "./layout.js";
import type { Instruction } from "./plan.js";
import type { TensorSpec } from "./tensor.js";

/** The number of multiplications and additions of an instruction, as its operation defines it. */
export function flopsOf({ op, attributes, inputs, outputs }: Instruction): number {
  const specs = (tensors: readonly PlacedTensor[]): TensorSpec[] => tensors.map(({ spec }) => spec);
  return op.flops?.(attributes, specs(inputs), specs(outputs)) ?? 0;
}
