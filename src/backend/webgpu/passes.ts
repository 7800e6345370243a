/** From a plan to compiled passes: shaders, and the ranges of memory that they are bound to. */
import { aligned, processorMemory } from "../../graph/arena.js";
import type { Plan } from "../../graph/plan.js";
import { TensorSpec } from "../../graph/tensor.js";
import { chainLength } from "./chains.js";
import { bindingAlignment } from "./device.js";
import { elementwise, isElementwise } from "./kernels/elementwise.js";
import { kernelOf } from "./kernels/index.js";
import { type Kernel, type Operand, type Pass, isSamePlace, shaderOf } from "./pass.js";

/** A pass with its complete shader, in which each binding is one place in memory. */
export interface CompiledPass {
  readonly shader: string;
  /** What is bound, by the number of the binding. */
  readonly bound: readonly Operand[];
  readonly sizes: readonly number[];
  readonly workgroups: number;
}

/** An instruction, or a chain of them that is computed as one. */
export interface CompiledInstruction {
  /** The first of the chain. */
  readonly index: number;
  readonly passes: readonly CompiledPass[];
  readonly failure: Kernel["failure"];
  readonly scratchBytes: number;
}

/** The instructions [first, last) of a plan. */
export function compileInstructions(
  plan: Plan,
  first: number,
  last: number,
): CompiledInstruction[] {
  const compiled: CompiledInstruction[] = [];
  for (let index = first; index < last;) {
    const length = chainLength(plan, index, last);
    compiled.push(compileInstruction(plan, index, length));
    index += length;
  }
  return compiled;
}

function compileInstruction(plan: Plan, index: number, length: number): CompiledInstruction {
  const chain = plan.instructions.slice(index, index + length);
  let scratchBytes = 0;
  const scratch = ({ shape, dtype }: TensorSpec): Operand => {
    const spec = new TensorSpec(shape, dtype);
    const place = { kind: "scratch", offset: scratchBytes } as const;
    scratchBytes += aligned(spec.bytes, { ...processorMemory, alignment: bindingAlignment });
    return { spec, place };
  };
  const [instruction] = chain as [(typeof chain)[number]];
  const { passes, failure }: Kernel = isElementwise(instruction)
    ? { passes: [elementwise(chain)] }
    : kernelOf(instruction, scratch);
  const needed = passes.filter(({ workgroups }) => workgroups > 0);
  return { index, passes: needed.map(compilePass), failure, scratchBytes };
}

/** Operands at one place share a binding: WebGPU refuses two that can be written. */
function compilePass(pass: Pass): CompiledPass {
  const bound: Operand[] = [];
  const bindings = new Map<string, number>();
  for (const [name, operand] of Object.entries(pass.operands)) {
    const known = bound.findIndex((other) => isOneBinding(other, operand));
    const binding = known >= 0 ? known : bound.push(operand) - 1;
    if (operand.spec.bytes > bound[binding]!.spec.bytes) bound[binding] = operand;
    bindings.set(name, binding);
  }
  return {
    shader: shaderOf(pass, bindings),
    bound,
    sizes: Object.values(pass.sizes),
    workgroups: pass.workgroups,
  };
}

/** Whether two operands are at one place; those without elements are all bound to one. */
function isOneBinding(a: Operand, b: Operand): boolean {
  const isEmpty = a.spec.bytes === 0;
  if (isEmpty || b.spec.bytes === 0) return isEmpty && b.spec.bytes === 0;
  return isSamePlace(a, b);
}
