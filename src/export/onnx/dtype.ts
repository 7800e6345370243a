/** How exported models compute. */
import { TensorProto_DataType as DataType } from "onnx-buf";
import type { Precision } from "../../nn/precision.js";

/**
 * - float32: everything;
 * - float16: the factors of products, attention and the activations between layers; the residual stream, normalization
 *   statistics, softmax, and all inputs and outputs stay float32, as in our training in bfloat16;
 * - int8: 8-bit weights with a scale for each output, and in linear layers 8-bit activations, whose scale is computed at
 *   run time; all else is float32.
 */
export const onnxDtypes = ["float32", "float16", "int8"] as const;
/**
 * How an exported model computes.
 * - float32: everything;
 * - float16: factors of products, attention and the activations between layers; all else, inputs and outputs included, is
 *   float32;
 * - int8: 8-bit weights, and in linear layers 8-bit activations; all else is float32.
 * @useDeclaredType
 */
export type OnnxDtype = (typeof onnxDtypes)[number];

interface DtypeTraits {
  /** The precision in which the model is traced. */
  readonly precision: Precision;
  /** What stands for 16-bit tensors of that trace. */
  readonly half: DataType;
  /** The end of file names by which transformers.js tells dtypes apart. */
  readonly suffix: string;
}

export const traitsOf: Readonly<Record<OnnxDtype, DtypeTraits>> = {
  float32: { precision: "float32", half: DataType.FLOAT, suffix: "" },
  float16: { precision: "bfloat16", half: DataType.FLOAT16, suffix: "_fp16" },
  int8: { precision: "int8", half: DataType.FLOAT, suffix: "_quantized" },
};
