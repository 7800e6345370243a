import { fileURLToPath } from "node:url";

/** The path of a file that is given as one, or as a file: URL. */
export function pathOf(place: string | URL): string {
  const name = String(place);
  return name.startsWith("file:") ? fileURLToPath(name) : name;
}
