/** Embedding lookup, and its gradient: rows added to a table. */
import { type Dtype, type Op, type Tensor, TensorSpec, sameShape } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { requireFloat } from "./require.js";

const gatherRowsOp: Op<{ dtype: Dtype }> = {
  name: "gatherRows",
  infer(inputs, { dtype }) {
    const [table, ids] = inputs as [Tensor, Tensor];
    requireFloat("gatherRows", table);
    if (table.shape.length !== 2 || ids.dtype !== "int32") {
      throw shapeError("gatherRows", inputs, "a table [V, D] and int32 ids");
    }
    return [new TensorSpec([...ids.shape, table.shape[1]!], dtype)];
  },
  gradient({ inputs: [table, ids] }, [dy]) {
    return [dy && scatterAddRows(ids!, dy, table!.shape[0]!)];
  },
  reference({ inputs: [table, ids], outputs: [y] }) {
    if (!table || !ids || !y) return;
    const [V, D] = table.shape as [number, number];
    for (const [row, id] of ids.data.entries()) {
      checkId(id, V);
      for (let d = 0; d < D; d++) y.data[row * D + d] = id < 0 ? 0 : table.data[id * D + d]!;
    }
  },
};

const scatterAddRowsOp: Op<{ rows: number }> = {
  name: "scatterAddRows",
  infer(inputs, { rows }) {
    const [ids, dy] = inputs as [Tensor, Tensor];
    requireFloat("scatterAddRows", dy);
    if (ids.dtype !== "int32" || !sameShape(ids.shape, dy.shape.slice(0, -1))) {
      throw shapeError("scatterAddRows", inputs, "int32 ids [...] and rows [..., D]");
    }
    return [new TensorSpec([rows, dy.shape.at(-1)!], "float32")];
  },
  gradient({ inputs: [ids, dy] }, [dTable]) {
    return [undefined, dTable && gatherRows(dTable, ids!, { dtype: dy!.dtype })];
  },
  reference({ inputs: [ids, dy], outputs: [table] }) {
    if (!ids || !dy || !table) return;
    const [V, D] = table.shape as [number, number];
    table.data.fill(0);
    for (const [row, id] of ids.data.entries()) {
      checkId(id, V);
      if (id < 0) continue;
      for (let d = 0; d < D; d++) table.data[id * D + d]! += dy.data[row * D + d]!;
    }
  },
};

function checkId(id: number, rows: number): void {
  if (id >= rows) throw new Error(`The index ${id} is out of range for a table of ${rows} rows.`);
}

/**
 * The rows of `table` [V, D] with the indices `ids` (int32 [...]): [..., D], by default in the dtype of the table. A
 * negative index gives a row of zeros.
 */
export function gatherRows(
  table: Tensor,
  ids: Tensor,
  { dtype = table.dtype }: { readonly dtype?: Dtype } = {},
): Tensor {
  return apply(gatherRowsOp, [table, ids], { dtype });
}

/**
 * A table of zeros, float32 [rows, D], to which the rows of `dy` [..., D] are added at the indices `ids` (int32 [...]).
 * Rows with negative indices are skipped.
 */
export function scatterAddRows(ids: Tensor, dy: Tensor, rows: number): Tensor {
  return apply(scatterAddRowsOp, [ids, dy], { rows });
}
