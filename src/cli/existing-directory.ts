import { statSync } from "node:fs";
import { InvalidArgumentError } from "commander";

/** Reads an option that names a directory to read from. */
export function existingDirectory(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new InvalidArgumentError("There is no such directory.");
}
