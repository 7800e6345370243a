/** Tells what is chosen in the columns of tables: once for each choice, in however many rows and tables it is made. */
import { describeGuess, describeTexts } from "./columns.js";
import type { SourceOptions } from "./source.js";

export class ColumnChoices {
  readonly #told = new Set<string>();
  /** The names of the last row's columns: rows of most tables have the same. */
  #names = "";

  /** @param several whether other files are read as well, of which a line may be true */
  constructor(
    private readonly options: Pick<SourceOptions, "columns" | "onGuess">,
    private readonly several: boolean,
  ) {}

  /**
   * @param path the table
   * @param where the row, for messages
   */
  inRow(path: string, where: string, values: Readonly<Record<string, unknown>>): void {
    const { onGuess, columns = {} } = this.options;
    if (!onGuess) return;
    const names = Object.keys(values);
    if (this.#names !== names.join("\0")) {
      this.#names = names.join("\0");
      const choice = describeGuess(names, columns);
      const tables = this.several ? `${path} and files like it` : path;
      if (choice !== undefined) this.#tell(choice, `${tables}: ${choice}`);
    }
    for (const { kind, line } of describeTexts(values, columns))
      this.#tell(kind, `${where}: ${line}`);
  }

  #tell(choice: string, line: string): void {
    if (this.#told.has(choice)) return;
    this.#told.add(choice);
    this.options.onGuess?.(line);
  }
}
