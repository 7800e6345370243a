import type { PlacedTensor } from "../graph/layout.js";
import type { Plan } from "../graph/plan.js";
import type { Attributes, Dtype, Op } from "../graph/tensor.js";

const dtypeCode: Readonly<Record<Dtype, number>> = { float32: 0, bfloat16: 1, int8: 2, int32: 3 };

interface EncodedPlan {
  /** Signatures of the kernels in use. */
  readonly signatures: readonly string[];
  /**
   * The instructions, one after another: index of the kernel's signature, number of inputs, of outputs, of outputs that
   * are finite, of attributes; for each input, then each output: buffer, byte offset, dtype, rank, sizes; then the
   * attributes. Doubles hold all of them exactly, offsets beyond 4 GiB included.
   */
  readonly words: Float64Array;
  /** Where each instruction begins in `words`, and where the last one ends. */
  readonly starts: readonly number[];
}

/** A plan as the native executor reads it. `buffer` gives the native buffer of a tensor and the offset in it. */
export function encodePlan(
  plan: Plan,
  buffer: (tensor: PlacedTensor) => readonly [id: number, offset: number],
): EncodedPlan {
  const signatureIndex = new Map<string, number>();
  const words: number[] = [];
  const starts = [0];
  for (const { op, attributes, inputs, outputs } of plan.instructions) {
    const signature = signatureOf(op);
    const index = signatureIndex.get(signature) ?? signatureIndex.size;
    signatureIndex.set(signature, index);
    const encoded = encodeAttributes(op, attributes);
    const { finiteOutputs = outputs.length } = op;
    words.push(index, inputs.length, outputs.length, finiteOutputs, encoded.length);
    for (const tensor of [...inputs, ...outputs]) {
      const { shape, dtype } = tensor.spec;
      words.push(...buffer(tensor), dtypeCode[dtype], shape.length, ...shape);
    }
    words.push(...encoded);
    starts.push(words.length);
  }
  return { signatures: [...signatureIndex.keys()], words: Float64Array.from(words), starts };
}

/**
 * The operation's name and its attributes as its kernel must list them: "fill(value)", "permute(axes[])",
 * "packQuantized(dynamic, K, N)", "attention(..., maskKind:none|lengths|additive, ...)".
 */
function signatureOf({ name, schema = {} }: Op): string {
  const attributes = Object.entries(schema).map(([attribute, kind]) => {
    if (kind === "numbers") return `${attribute}[]`;
    return Array.isArray(kind) ? `${attribute}:${kind.join("|")}` : attribute;
  });
  return attributes.length === 0 ? name : `${name}(${attributes.join(", ")})`;
}

/** The attributes that the operation's schema names, in its order, as numbers. */
export function encodeAttributes({ name, schema = {} }: Op, attributes: Attributes): number[] {
  return Object.entries(schema).flatMap(([attribute, kind]) => {
    const value = attributes[attribute];
    if (typeof value === "number") return value;
    if (typeof value === "boolean") return Number(value);
    if (kind === "numbers" && Array.isArray(value)) return value as readonly number[];
    const index = Array.isArray(kind) ? kind.indexOf(value) : -1;
    if (index >= 0) return index;
    throw new TypeError(
      `${name} has no encoding for its attribute ${attribute}: ${String(value)}.`,
    );
  });
}
