/** Embedding lookup, and its gradient. */
import {
  type Kernel,
  type KernelCall,
  type Operand,
  groupIndex,
  lanes,
  mainParameters,
} from "../pass.js";
import { failed, failure, filled, mapPass } from "./map.js";

const outOfRange = (rows: number) => (index: number) =>
  `The index ${index} is out of range for a table of ${rows} rows.`;

export function gatherRowsKernel({ inputs, outputs: [output] }: KernelCall): Kernel {
  const [table, ids] = inputs as [Operand, Operand];
  const [rows, width] = table.spec.shape as [number, number];
  const element = `let id = ids(i / ${width}u);
if (id >= ${rows}) { fail(id, i); return 0.0; }
if (id < 0) { return 0.0; }
return table(u32(id) * ${width}u + i % ${width}u);`;
  const operands = { table, ids, failed, failure };
  return { passes: [mapPass({ output: output!, operands, element })], failure: outOfRange(rows) };
}

/**
 * A workgroup for each row of the table: it looks for the row's number among the ids and adds the rows of dY in their order, so
 * that the sums are the same in every run.
 */
export function scatterAddRowsKernel(call: KernelCall): Kernel {
  const [ids, dy] = call.inputs as [Operand, Operand];
  const [rows, width] = call.outputs[0]!.spec.shape as [number, number];
  const count = ids.spec.size;
  const code = `var<workgroup> found: array<u32, ${lanes}>;
var<workgroup> foundAny: atomic<u32>;
@compute @workgroup_size(${lanes}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.rows) { return; }
  for (var d = lane; d < ${width}u; d += ${lanes}u) { set_y(group * ${width}u + d, 0.0); }
  for (var first = 0u; first < ${count}u; first += ${lanes}u) {
    if (lane == 0u) { atomicStore(&foundAny, 0u); }
    workgroupBarrier();
    found[lane] = 0u;
    if (first + lane < ${count}u) {
      let id = ids(first + lane);
      if (id >= ${rows}) { fail(id, first + lane); }
      if (id == i32(group)) { found[lane] = 1u; atomicStore(&foundAny, 1u); }
    }
    workgroupBarrier();
    if (atomicLoad(&foundAny) != 0u) {
      for (var k = 0u; k < ${lanes}u; k++) {
        if (found[k] == 0u) { continue; }
        for (var d = lane; d < ${width}u; d += ${lanes}u) {
          let at = group * ${width}u + d;
          set_y(at, y(at) + dy((first + k) * ${width}u + d));
        }
      }
    }
    workgroupBarrier();
  }
}`;
  const passes = filled(call, call.outputs[0]!, (y) => [
    { operands: { ids, dy, y, failed, failure }, code, sizes: { rows }, workgroups: rows },
  ]);
  return { passes, failure: outOfRange(rows) };
}
