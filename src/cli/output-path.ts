/** Output paths are checked while options are parsed, before a model is loaded or any work is done. */
import { type Stats, accessSync, constants, statSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { nearestExisting } from "../base/exists.js";

interface OutputFileOptions {
  /** Whether an existing file may be replaced. */
  readonly replace: boolean;
}

/**
 * Reads an option that names a file to write.
 *
 * @param extensions allowed for the file, such as [".html"], so that no file of another kind is replaced
 * @returns the path; throws InvalidArgumentError if the file could not be written
 */
export function outputFile(
  extensions: readonly string[],
  { replace }: OutputFileOptions,
): (path: string) => string {
  return (path) => {
    if (!extensions.includes(extname(path).toLowerCase())) {
      throw new InvalidArgumentError(`Expected a file name that ends in ${either(extensions)}.`);
    }
    const found = outputAt(path);
    if (found?.isDirectory()) throw new InvalidArgumentError("It is a directory.");
    if (found && !replace) {
      throw new InvalidArgumentError("The file exists. Remove it, or name another file.");
    }
    if (found) requireWritable(path);
    return path;
  };
}

/**
 * Reads an argument that names a directory to write, which verbs create with those above it; the verb decides whether an existing
 * one is acceptable.
 */
export function outputDirectory(path: string): string {
  const nearest = nearestExisting(path);
  if (!statSync(nearest).isDirectory()) {
    throw new InvalidArgumentError(
      nearest === resolve(path) ? "It is a file. Name a directory." : `${nearest} is a file.`,
    );
  }
  requireWritable(nearest);
  return path;
}

/** The file or directory at `path`, whose parent directory must be writable. */
function outputAt(path: string): Stats | undefined {
  const parent = dirname(path);
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError(`There is no directory ${parent}. Create it first.`);
  }
  requireWritable(parent);
  return statSync(path, { throwIfNoEntry: false });
}

function requireWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch {
    throw new InvalidArgumentError(`${path} is not writable.`);
  }
}

const either = (names: readonly string[]): string =>
  [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" or ");
