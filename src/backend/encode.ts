import type { PlacedTensor } from "../graph/layout.js";
import type { Plan } from "../graph/plan.js";
import type { Dtype } from "../graph/tensor.js";

const dtypeCode: Readonly<Record<Dtype, number>> = { float32: 0, bfloat16: 1, int8: 2, int32: 3 };

interface EncodedPlan {
  /** Names of the kernels in use. */
  readonly names: readonly string[];
  /**
   * The instructions, one after another: index of the kernel's name, number of inputs, of outputs, of attributes; for
   * each input, then each output: buffer, byte offset, dtype, rank, sizes; then the attributes. Doubles hold all of
   * them exactly, offsets beyond 4 GiB included.
   */
  readonly words: Float64Array;
}

/** A plan as the native executor reads it. `buffer` gives the native buffer of a tensor and the offset in it. */
export function encodePlan(
  plan: Plan,
  buffer: (tensor: PlacedTensor) => readonly [id: number, offset: number],
): EncodedPlan {
  const nameIndex = new Map<string, number>();
  const words: number[] = [];
  for (const { op, attributes, inputs, outputs } of plan.instructions) {
    // The host carries out collectives; a name that the executor knows keeps their place, so that indices agree.
    const name = op.collective ? "copy" : op.name;
    const index = nameIndex.get(name) ?? nameIndex.size;
    nameIndex.set(name, index);
    const specs = (tensors: readonly PlacedTensor[]) => tensors.map(({ spec }) => spec);
    const encoded = op.encode?.(attributes, specs(inputs), specs(outputs)) ?? [];
    words.push(index, inputs.length, outputs.length, encoded.length);
    for (const tensor of [...inputs, ...outputs]) {
      const { shape, dtype } = tensor.spec;
      words.push(...buffer(tensor), dtypeCode[dtype], shape.length, ...shape);
    }
    words.push(...encoded);
  }
  return { names: [...nameIndex.keys()], words: Float64Array.from(words) };
}
