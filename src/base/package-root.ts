import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The path of something that comes with the package, found from src and from wherever that was compiled to. */
export function packagePath(...parts: readonly string[]): string {
  return join(dirname(createRequire(import.meta.url).resolve("flava/package.json")), ...parts);
}
