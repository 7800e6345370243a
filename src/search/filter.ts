/** Filters on what is known about entries besides their vectors. */
import type { Filter, IndexEntry } from "./vector-index.js";

const own = ["key", "path", "text", "label"] as const;

/** All values that a filter can ask for: "name=value". */
export function* tagsOf(entry: IndexEntry): Generator<string> {
  for (const name of own) {
    const value = entry[name];
    if (value !== undefined) yield `${name}=${value}`;
  }
  for (const [name, value] of Object.entries(entry.fields ?? {})) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (["string", "number", "boolean"].includes(typeof one)) yield `${name}=${String(one)}`;
    }
  }
}

/** The values that a filter asks for, as `tagsOf` writes them. */
export const tagsOfFilter = (filter: Filter): string[] =>
  Object.entries(filter).map(([name, value]) => `${name}=${value}`);

/** Whether an entry has all values that a filter asks for, as `tagsOfFilter` gives them. */
export function passes(entry: IndexEntry, wanted: readonly string[]): boolean {
  const tags = new Set(tagsOf(entry));
  return wanted.every((tag) => tags.has(tag));
}
