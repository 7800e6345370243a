import { fileURLToPath } from "node:url";

/** Converts a path or file: URL to a path. */
export function pathOf(place: string | URL): string {
  const name = String(place);
  return name.startsWith("file:") ? fileURLToPath(name) : name;
}
