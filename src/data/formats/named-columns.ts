/** Columns that were named, where no first line says which columns there are: objects of JSON may have different ones. */
import type { Columns } from "./source.js";
import { SourceError } from "./source-error.js";

/** Sees to it that each column that was named is in one record at least. */
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
