import { useState } from "preact/hooks";

const kept = new Map<string, unknown>();

/** State that a page has again when the reader returns to it from another one, until the tab is closed or loaded again. */
export function useKept<Value>(
  name: string,
  first: Value,
): [value: Value, set: (next: Value | ((now: Value) => Value)) => void] {
  const [value, setValue] = useState(() => (kept.has(name) ? (kept.get(name) as Value) : first));
  kept.set(name, value);
  return [value, setValue];
}
