/** Tables on pages. */
import { type Html, html } from "./html.js";

export interface Column {
  readonly name: string | Html;
  /** Numbers are right-aligned. */
  readonly isNumber: boolean;
}

export const textColumn = (name: string | Html): Column => ({ name, isNumber: false });
export const numberColumn = (name: string | Html): Column => ({ name, isNumber: true });

const shown = (cell: string | number | Html): string | Html =>
  typeof cell === "number" ? cell.toLocaleString("en") : cell;

/** A table that scrolls sideways on narrow pages. Rows have a cell for each column; numbers have thousands separators. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | number | Html)[])[],
): Html {
  const kind = (index: number): string => (columns[index]?.isNumber ? "number" : "text");
  const head = columns.map(({ name }, index) => html`<th class="${kind(index)}">${name}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((cell, index) => html`<td class="${kind(index)}">${shown(cell)}</td>`);
    return html`<tr>
      ${cells}
    </tr>`;
  });
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}
