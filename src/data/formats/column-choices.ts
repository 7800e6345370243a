/** What is chosen in the columns of tables, and what was named. */
import { describeGuess, describeTexts, isPlainly, textColumnsAmong } from "./columns.js";
import type { Columns, SourceOptions } from "./source.js";
import { SourceError } from "./source-error.js";

interface RowOptions {
  /** Default: those of the options. */
  readonly columns?: Columns;
  readonly numbers?: boolean;
}

/** Tells what is chosen: once for each choice, in however many rows and tables it is made. */
export class ColumnChoices {
  readonly #told = new Set<string>();
  /** The names of the last row's columns: rows of most tables have the same. */
  #names = "";
  /** Those of them that may have texts: of most rows nothing else is looked at. */
  #texts: readonly string[] = [];

  /** @param several whether other files are read as well, of which a line may be true */
  constructor(
    private readonly options: Pick<SourceOptions, "columns" | "onGuess">,
    private readonly several: boolean,
  ) {}

  /**
   * @param path the table
   * @param where the row, for messages
   * @param numbers whether a number is a text where no other column has one
   */
  inRow(
    path: string,
    where: string,
    values: Readonly<Record<string, unknown>>,
    { columns = this.options.columns ?? {}, numbers = true }: RowOptions = {},
  ): void {
    if (!this.options.onGuess) return;
    const names = Object.keys(values);
    if (this.#names !== names.join("\0")) {
      this.#names = names.join("\0");
      this.#texts = textColumnsAmong(names, columns);
      const choice = describeGuess(names, columns);
      const tables = this.several ? `${path} and files like it` : path;
      if (choice !== undefined) this.#tell(choice, `${tables}: ${choice}`);
    }
    if (this.#texts.every((name) => isPlainly(values[name]))) return;
    for (const { kind, line } of describeTexts(values, columns, numbers))
      this.#tell(kind, `${where}: ${line}`);
  }

  #tell(choice: string, line: string): void {
    if (this.#told.has(choice)) return;
    this.#told.add(choice);
    this.options.onGuess?.(line);
  }
}

/**
 * Sees to it that each column that was named is in one record at least, where no first line says which columns there are: objects of
 * JSON may have different ones.
 */
export class NamedColumns {
  readonly #missing: Set<string>;
  /** What the first record has. */
  #first: readonly string[] | undefined;

  constructor({ texts = [], image, label }: Columns) {
    this.#missing = new Set([...texts, image, label].filter((name) => name !== undefined));
  }

  /** @param values a record's, by column */
  see(values: Readonly<Record<string, unknown>>): void {
    if (this.#missing.size === 0) return;
    this.#first ??= Object.keys(values);
    for (const name of this.#missing) if (Object.hasOwn(values, name)) this.#missing.delete(name);
  }

  /**
   * Call it at the end.
   * @throws SourceError if no record had a column
   */
  require(path: string): void {
    const [name] = this.#missing;
    if (name === undefined || !this.#first) return;
    const others = this.#first.join(", ").slice(0, 300) || "none";
    throw new SourceError(
      `${path} has no column ${name} in any of its records; the first has ${others}.`,
    );
  }
}
