import type { ComponentChildren, JSX } from "preact";

export interface Column {
  readonly name: string;
  /** Numbers are aligned to the right. */
  readonly isNumber?: boolean;
}

export interface Row {
  readonly key: string;
  /** One for each column; the first names the row. */
  readonly cells: readonly ComponentChildren[];
  /** Set apart from the others, such as an average. */
  readonly isSummary?: boolean;
}

interface DataTableProps {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** A table that scrolls sideways on narrow screens, by keyboard too. */
export const DataTable = ({ title, columns, rows }: DataTableProps): JSX.Element => (
  <div class="scroll" role="region" aria-label={title} tabIndex={0}>
    <table>
      <thead>
        <tr>
          {columns.map(({ name, isNumber }) => (
            <th key={name} scope="col" class={isNumber ? "number" : ""}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, cells, isSummary }) => (
          <tr key={key} class={isSummary ? "summary" : ""}>
            {cells.map((cell, index) =>
              index === 0 ? (
                <th key={index} scope="row">
                  {cell}
                </th>
              ) : (
                <td key={index} class={columns[index]?.isNumber ? "number" : ""}>
                  {cell}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
