/** Which elementwise instructions run as one pass. */
import type { PlacedTensor } from "../../graph/layout.js";
import type { Instruction, Plan } from "../../graph/plan.js";
import { sameShape } from "../../graph/tensor.js";
import { isElementwise } from "./kernels/elementwise.js";
import { isSamePlace, mostOperands } from "./pass.js";

/**
 * How many instructions from `first` on, before `last`, form a chain: each reads the result of the one before, which nothing
 * else reads. 1 if the first is on its own.
 */
export function chainLength(plan: Plan, first: number, last: number): number {
  let end = first + 1;
  while (end < last && extendsChain(plan, first, end)) end++;
  return end - first;
}

function extendsChain(plan: Plan, first: number, next: number): boolean {
  const { instructions } = plan;
  const chain = instructions.slice(first, next + 1);
  if (!chain.every(isElementwise)) return false;
  const [before, after] = [instructions[next - 1]!.outputs[0]!, instructions[next]!];
  const output = after.outputs[0]!;
  if (!sameShape(before.spec.shape, output.spec.shape)) return false;
  if (!after.inputs.some((input) => isSamePlace(input, before))) return false;
  const operands = 1 + chain.reduce((sum, { inputs }) => sum + inputs.length, 0) - (next - first);
  if (operands > mostOperands) return false;
  return chain.every((each) => leavesInputs(each, output)) && isReadOnlyBy(plan, before, next);
}

/** Whether the operand reads of an instruction are not disturbed when another element of `output` is written early. */
function leavesInputs({ inputs }: Instruction, output: PlacedTensor): boolean {
  return inputs.every(
    (input) =>
      !overlaps(input, output) ||
      (isSamePlace(input, output) &&
        input.spec.dtype === output.spec.dtype &&
        input.spec.size === output.spec.size),
  );
}

function overlaps(
  { spec: a, place: p }: PlacedTensor,
  { spec: b, place: q }: PlacedTensor,
): boolean {
  if (p.kind === "arena" && q.kind === "arena") {
    return p.offset < q.offset + b.bytes && q.offset < p.offset + a.bytes;
  }
  return isSamePlace({ spec: a, place: p }, { spec: b, place: q });
}

/** Whether only instruction `reader` reads `tensor`, a result of the one before, until it is overwritten. */
function isReadOnlyBy(plan: Plan, tensor: PlacedTensor, reader: number): boolean {
  if (tensor.place.kind !== "arena") return false;
  for (const { inputs, outputs } of plan.instructions.slice(reader)) {
    const isReader = plan.instructions[reader]!.inputs === inputs;
    if (!isReader && inputs.some((input) => overlaps(input, tensor))) return false;
    if (outputs.some((output) => overlaps(output, tensor))) return true;
  }
  return ![...plan.outputs.values()].some((output) => overlaps(output, tensor));
}
