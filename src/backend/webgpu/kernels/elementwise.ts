/**
 * Operations whose element i follows from element i of their inputs, after broadcasting: each is an expression of a, b and c,
 * its inputs. Consecutive ones are one pass.
 */
import type { Instruction } from "../../../graph/plan.js";
import type { Attributes } from "../../../graph/tensor.js";
import {
  type Kernel,
  type KernelCall,
  type Operand,
  type Pass,
  isSamePlace,
  literal,
  typeOf,
} from "../pass.js";
import { broadcastIndex } from "./indices.js";
import { converted, failed, failure, mapPass } from "./map.js";

type Expression = string | ((attributes: Attributes) => string);

const number = (attributes: Attributes, name: string): string =>
  literal(attributes[name] as number);

/** By the names of operations. */
const expressions: Readonly<Record<string, Expression>> = {
  add: "a + b",
  subtract: "a - b",
  multiply: "a * b",
  divide: "a / b",
  maximum: "maximum(a, b)",
  minimum: "minimum(a, b)",
  equal: "select(0.0, 1.0, a == b)",
  less: "select(0.0, 1.0, a < b)",
  select: "select(c, b, a != 0.0)",
  affine: (attributes) => `${number(attributes, "a")} * a + ${number(attributes, "b")}`,
  broadcast: "a",
  cast: "a",
  negate: "-a",
  reciprocal: "1.0 / a",
  exp: "exponential(a)",
  log: "logarithm(a)",
  tanh: "hyperbolicTangent(a)",
  gelu: "gelu(a)",
  relu: "select(0.0, a, a > 0.0)",
  sigmoid: "1.0 / (1.0 + exponential(-a))",
  sqrt: "sqrt(a)",
  cosine: "cosine(a)",
  absolute: "abs(a)",
  sign: "select(sign(a), a, isNan(a))",
  geluGradient: "b * geluDerivative(a)",
  reluGradient: "select(0.0, b, a > 0.0)",
  clamp: (attributes) =>
    `minimum(maximum(a, ${number(attributes, "low")}), ${number(attributes, "high")})`,
  clampGradient: (attributes) =>
    `select(0.0, b, a >= ${number(attributes, "low")} && a <= ${number(attributes, "high")})`,
};

export const isElementwise = ({ op }: Pick<Instruction, "op">): boolean => op.name in expressions;

const variables = ["a", "b", "c"] as const;

function affineOfIntegers({ a: factor, b: term }: Attributes): string {
  if (Number.isInteger(factor) && Number.isInteger(term)) {
    return `${String(factor)}i * a + ${String(term)}i`;
  }
  return `i32(${literal(factor as number)} * f32(a) + ${literal(term as number)})`;
}

/** The expression of an instruction's result in those variables. */
function expressionOf({ op, attributes, inputs, outputs }: Instruction): string {
  const found = expressions[op.name]!;
  const expression = typeof found === "string" ? found : found(attributes);
  if (op.name === "cast") {
    return converted(expression, inputs[0]!.spec.dtype, outputs[0]!.spec.dtype);
  }
  if (op.name === "affine" && outputs[0]!.spec.dtype === "int32")
    return affineOfIntegers(attributes);
  return expression;
}

/**
 * One pass of instructions, each of which reads the result of the one before: only the last result is stored. Their results
 * have one shape.
 */
export function elementwise(chain: readonly Instruction[]): Pass {
  const output = chain.at(-1)!.outputs[0]!;
  const operands: Record<string, Operand> = {};
  const steps = chain.map((instruction, step) => {
    const before = chain[step - 1]?.outputs[0];
    const loads = instruction.inputs.map((input, k) => {
      if (before && isSamePlace(input, before)) return `let ${variables[k]!} = result${step - 1};`;
      const name = `input${Object.keys(operands).length}`;
      operands[name] = input;
      return `let ${variables[k]!} = ${name}(${broadcastIndex(input.spec.shape, output.spec.shape, "i")});`;
    });
    const { dtype } = instruction.outputs[0]!.spec;
    const expression = expressionOf(instruction);
    const isRounded = dtype === "bfloat16" && step < chain.length - 1;
    const result = isRounded ? `roundedToBfloat16(${expression})` : expression;
    return `var result${step}: ${typeOf(dtype)}; { ${loads.join(" ")} result${step} = ${result}; }`;
  });
  const element = `${steps.join("\n")}\nreturn result${chain.length - 1};`;
  return mapPass({ output, operands, element });
}

/** `fill`: every element is a number. */
export function fillKernel({ outputs: [output], attributes }: KernelCall): Kernel {
  const value = attributes.value as number;
  const element = output!.spec.dtype === "int32" ? `i32(${Math.trunc(value)})` : literal(value);
  return { passes: [mapPass({ output: output!, operands: {}, element: `return ${element};` })] };
}

/** `copy`: overwrites state, unless an instruction failed before. */
export function copyKernel({ inputs: [, value], outputs: [output] }: KernelCall): Kernel {
  const copy = { output: output!, operands: { value: value! }, element: "return value(i);" };
  return { passes: [mapPass({ ...copy, unlessFailed: true })] };
}

/** `checkFinite`: fails if a number is not finite. */
export function checkFiniteKernel(call: KernelCall): Kernel {
  const [x] = call.inputs as [Operand];
  const [output] = call.outputs as [Operand];
  const element = "let a = x(i);\nif (!isFinite(a)) { fail(0, i); }\nreturn a;";
  return {
    passes: [mapPass({ output, operands: { x, failed, failure }, element })],
    failure: () => "non-finite",
  };
}
