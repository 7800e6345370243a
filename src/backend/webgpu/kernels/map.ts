/** Passes that compute each element of one result on its own. */
import { type Dtype, TensorSpec } from "../../../graph/tensor.js";
import {
  type KernelCall,
  type Operand,
  type Pass,
  elementsPerWord,
  groupIndex,
  lanes,
  mainParameters,
  typeOf,
} from "../pass.js";

interface Each {
  /** Number of threads. */
  readonly count: number;
  readonly operands: Readonly<Record<string, Operand>>;
  /** Numbers that it reads as `size.name`. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** What thread `i` does. */
  readonly body: string;
  /** Functions that it calls. */
  readonly functions?: string;
  /** Nothing is done once an instruction has failed. */
  readonly unlessFailed?: boolean;
}

/** A pass of threads on their own. */
export function eachPass({
  count,
  operands,
  sizes,
  body,
  functions = "",
  unlessFailed,
}: Each): Pass {
  return {
    sizes: { count, ...sizes },
    operands: { ...operands, ...(unlessFailed && { failed }) },
    workgroups: Math.ceil(count / lanes),
    code: `${functions}
@compute @workgroup_size(${lanes}) fn main(${mainParameters}) {
  ${groupIndex}
  let i = group * ${lanes}u + lane;
  if (i >= size.count${unlessFailed ? " || hasFailed()" : ""}) { return; }
  ${body}
}`,
  };
}

interface Map extends Pick<Each, "operands" | "sizes" | "functions" | "unlessFailed"> {
  /** Named "y" in the code. */
  readonly output: Operand;
  /** Statements that return element `i` of the output. */
  readonly element: string;
}

/** A pass that computes each element of a result on its own: a thread for each word, of one element, two of bfloat16 or four of int8. */
export function mapPass({ output, element, functions = "", ...given }: Map): Pass {
  const { dtype, size } = output.spec;
  const perWord = elementsPerWord[dtype];
  const elements = Array.from({ length: perWord }, (_, k) =>
    k === 0 ? `element(${perWord}u * i)` : `elementOrZero(${perWord}u * i + ${k}u)`,
  );
  const orZero =
    "fn elementOrZero(i: u32) -> f32 { if (i < size.elements) { return element(i); } return 0.0; }";
  return eachPass({
    ...given,
    operands: { ...given.operands, y: output },
    count: Math.ceil(size / perWord),
    sizes: { elements: size, ...given.sizes },
    functions: `${functions}
fn element(i: u32) -> ${typeOf(dtype)} {
${element}
}
${perWord === 1 ? "" : orZero}`,
    body: perWord === 1 ? "set_y(i, element(i));" : `setWord_y(i, ${elements.join(", ")});`,
  });
}

/** The flag that some instruction failed, and that of this one. */
export const failed: Operand = { spec: new TensorSpec([4], "int32"), place: { kind: "failed" } };
export const failure: Operand = { spec: new TensorSpec([4], "int32"), place: { kind: "failure" } };

/** A copy under another dtype. */
function castPass(x: Operand, output: Operand): Pass {
  return mapPass({
    output,
    operands: { x },
    element: `return ${converted("x(i)", x.spec.dtype, output.spec.dtype)};`,
  });
}

/** An expression of dtype `from` as one of dtype `to`, rounded as `cast` does. */
export function converted(expression: string, from: Dtype, to: Dtype): string {
  if (to === "int32") return from === "int32" ? expression : `toInt32(${expression})`;
  const number = from === "int32" ? `f32(${expression})` : expression;
  if (to === "int8") return `roundedToInt8(${number})`;
  return number;
}

/**
 * The passes of `fill`, which sets elements of an operand of 32 bits in any order: the output itself, or scratch memory that
 * is then rounded to its dtype.
 */
export function filled(
  call: KernelCall,
  output: Operand,
  fill: (target: Operand) => readonly Pass[],
): Pass[] {
  const { shape, dtype } = output.spec;
  if (elementsPerWord[dtype] === 1) return [...fill(output)];
  const wide = call.scratch(new TensorSpec(shape, "float32"));
  return [...fill(wide), castPass(wide, output)];
}
