/** Filters on what is known about entries besides their vectors. */
import { suggestion } from "../base/suggestion.js";
import type { Filter, IndexEntry } from "./vector-index.js";

const own = ["key", "path", "text", "label"] as const;

/** All that a filter can ask an entry for: the name of a field, and its value. A list has each of its elements. */
function* valuesOf(entry: IndexEntry): Generator<readonly [name: string, value: string]> {
  for (const name of own) {
    const value = entry[name];
    if (value !== undefined) yield [name, value];
  }
  for (const [name, value] of Object.entries(entry.fields ?? {})) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (["string", "number", "boolean"].includes(typeof one)) yield [name, String(one)];
    }
  }
}

/** All values that a filter can ask for: "name=value". */
export function* tagsOf(entry: IndexEntry): Generator<string> {
  for (const [name, value] of valuesOf(entry)) yield `${name}=${value}`;
}

/** The values that a filter asks for, as `tagsOf` writes them. */
export const tagsOfFilter = (filter: Filter): string[] =>
  Object.entries(filter).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}=${value}`),
  );

/** Whether an entry has all values that a filter asks for, as `tagsOfFilter` gives them. */
export function passes(entry: IndexEntry, wanted: readonly string[]): boolean {
  const tags = new Set(tagsOf(entry));
  return wanted.every((tag) => tags.has(tag));
}

/** A filter that asks for a field that no entry has. */
export class UnknownFieldError extends RangeError {
  override readonly name = "UnknownFieldError";
}

/** Most fields that an error lists. */
const mostListed = 30;

/**
 * Tells a filter that nothing passes from one that nothing can pass. It looks at the entries until it has seen all fields.
 * @throws UnknownFieldError if no entry has a field that the filter asks for
 */
export async function requireFields(
  filter: Filter,
  entries: Iterable<IndexEntry> | AsyncIterable<IndexEntry>,
): Promise<void> {
  const missing = new Set(Object.keys(filter));
  const known = new Set<string>();
  for await (const entry of entries) {
    for (const [name] of valuesOf(entry)) {
      known.add(name);
      missing.delete(name);
    }
    if (missing.size === 0) return;
  }
  const [name] = missing;
  if (name === undefined || known.size === 0) return; // an index without entries has no fields
  const names = [...known];
  const more = names.length > mostListed ? `, and ${names.length - mostListed} more` : "";
  throw new UnknownFieldError(
    `No entry of the index has a field ${JSON.stringify(name.slice(0, 80))} to filter by.${suggestion(name, names)} ` +
      `There are: ${names.slice(0, mostListed).join(", ")}${more}.`,
  );
}
