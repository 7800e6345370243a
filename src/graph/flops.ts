import type { PlacedTensor } from "./layout.js";
import type { Instruction } from "./plan.js";

/** Multiplications and additions of products, convolutions and attention; 0 for all else. */
export function flopsOf({ op, attributes, inputs, outputs }: Instruction): number {
  const size = (tensors: readonly PlacedTensor[], index: number): number =>
    tensors[index]!.spec.size;
  const shape = (tensors: readonly PlacedTensor[], index: number): readonly number[] =>
    tensors[index]!.spec.shape;
  const keys = inputs[attributes.joined ? 0 : 1]?.spec.shape[1] ?? 0; // of attention
  switch (op.name) {
    case "matmul":
    case "quantizedMatmul":
      return 2 * size(outputs, 0) * (attributes.K as number);
    case "conv2d":
      return (2 * size(outputs, 0) * size(inputs, 1)) / shape(outputs, 0).at(-1)!;
    case "conv2dWeightGradient":
      return (2 * size(inputs, 1) * size(outputs, 0)) / shape(inputs, 1).at(-1)!;
    case "attention":
      return 4 * size(outputs, 0) * keys;
    case "attentionGradient":
      return (10 * size(outputs, 0) * keys) / (attributes.joined ? 3 : 1);
    default:
      return 0;
  }
}
