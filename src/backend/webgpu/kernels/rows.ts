/** Passes in which a workgroup computes a row: its threads share sums and maxima. */
import { type Operand, type Pass, groupIndex, lanes, mainParameters } from "../pass.js";

interface Rows {
  readonly rows: number;
  readonly width: number;
  readonly operands: Readonly<Record<string, Operand>>;
  /**
   * What each thread does for row `group`; `lane` is its number. All threads must call `sumOf(value)` and `maximumOf(value)`
   * together.
   */
  readonly body: string;
}

/** The loop of a thread over its part of a row, `k` being the column and `at` the element. */
export const overRow = (statements: string): string =>
  `for (var k = lane; k < size.width; k += ${lanes}u) { let at = group * size.width + k; ${statements} }`;

const shared = (name: string, combine: string): string => `
fn ${name}(value: f32) -> f32 {
  partial[thread] = value;
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    if (thread < half) { let a = partial[thread]; let b = partial[thread + half]; partial[thread] = ${combine}; }
    workgroupBarrier();
  }
  let result = partial[0];
  workgroupBarrier();
  return result;
}`;

export function rowsPass({ rows, width, operands, body }: Rows): Pass {
  return {
    operands,
    sizes: { rows, width },
    workgroups: rows,
    code: `var<workgroup> partial: array<f32, ${lanes}>;
var<private> thread: u32;
${shared("sumOf", "a + b")}
${shared("maximumOf", "max(a, b)")}
@compute @workgroup_size(${lanes}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.rows) { return; }
  thread = lane;
  ${body}
}`,
  };
}
