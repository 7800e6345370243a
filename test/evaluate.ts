import { encodeAttributes } from "../src/backend/encode.js";
import type { ReferenceTensor, Tensor, TensorSpec } from "../src/graph/tensor.js";
import { ancestors } from "../src/graph/order.js";
import { placeholderOf } from "../src/graph/placeholder.js";

/** The values of placeholders, in order; constants have their own. */
export type Feeds = ReadonlyMap<Tensor, ArrayLike<number>>;

/** Memory filled with NaN or garbage, as kernels find it. Floating-point numbers are doubles, whatever the dtype. */
function memoryOf({ shape, dtype, size }: TensorSpec): ReferenceTensor {
  const data =
    dtype === "int8"
      ? new Int8Array(size).fill(-99)
      : dtype === "int32"
        ? new Int32Array(size).fill(-99)
        : new Float64Array(size).fill(NaN);
  return { shape, dtype, data };
}

function fed(placeholder: Tensor, feeds: Feeds): ReferenceTensor {
  const values = feeds.get(placeholder) ?? placeholderOf(placeholder)?.values;
  if (values?.length !== placeholder.size) {
    throw new Error(
      `${placeholderOf(placeholder)?.path ?? ""} ${String(placeholder)} needs ${placeholder.size} values`,
    );
  }
  const memory = memoryOf(placeholder);
  memory.data.set(values);
  return memory;
}

/** The values of `outputs`, by the reference kernels in double precision, node by node: no plan, no fusion. */
export function evaluate(outputs: readonly Tensor[], feeds: Feeds): number[][] {
  const values = new Map<Tensor, ReferenceTensor>();
  for (const node of ancestors(outputs)) {
    const inputs = node.inputs.map((input) => values.get(input)!);
    const results = node.outputs.map((output) => {
      if (placeholderOf(output)) return fed(output, feeds);
      return node.op.view ? { ...inputs[0]!, shape: output.shape } : memoryOf(output);
    });
    node.op.reference({ inputs, outputs: results, attributes: node.attributes });
    for (const [index, output] of node.outputs.entries()) values.set(output, results[index]!);
  }
  return outputs.map((output) => Array.from(values.get(output)!.data));
}

/** The attributes of the operation behind `tensor`, as its native kernel reads them. */
export function encoded({ node }: Tensor): readonly number[] {
  return encodeAttributes(node.op, node.attributes);
}
