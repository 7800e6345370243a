/** Passes in which a workgroup computes a row: its threads share sums and maxima. */
import { type Operand, type Pass, groupIndex, lanes, mainParameters } from "../pass.js";
import { tree, treeMemory } from "./tree.js";

interface Rows {
  readonly rows: number;
  readonly width: number;
  readonly operands: Readonly<Record<string, Operand>>;
  /**
   * What each thread does for row `group`; `lane` is its number. All threads must call `sumOf(value)` and `maximumOf(value)`
   * together.
   */
  readonly body: string;
  /** Functions and memory of the workgroup that it uses. */
  readonly functions?: string;
}

/** The loop of a thread over its part of a row, `k` being the column and `at` the element. */
export const overRow = (statements: string): string =>
  `for (var k = lane; k < size.width; k += ${lanes}u) { let at = group * size.width + k; ${statements} }`;

export function rowsPass({ rows, width, operands, body, functions = "" }: Rows): Pass {
  return {
    operands,
    sizes: { rows, width },
    workgroups: rows,
    code: `${treeMemory(lanes)}
${tree("sumOf", "a + b", lanes)}
${tree("maximumOf", "max(a, b)", lanes)}
${functions}
@compute @workgroup_size(${lanes}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.rows) { return; }
  thread = lane;
  ${body}
}`,
  };
}
