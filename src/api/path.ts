import { fileURLToPath } from "node:url";

/** The path that a path or a file: URL stands for. */
export function pathOf(place: string | URL): string {
  const name = String(place);
  return name.startsWith("file:") ? fileURLToPath(name) : name;
}
