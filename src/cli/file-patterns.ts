/** Expands wildcards that the shell left alone: quoted, passed by another program, or on Windows. */
import { readdir } from "node:fs/promises";
import { sep } from "node:path";
import { isRemote } from "../data/remote/address.js";
import { exists } from "../base/exists.js";

/**
 * Expands `*` and `?` (within a name) and `**` (any directories); as in a shell, hidden files match no wildcard. A path
 * without wildcards, or of an existing file, and a URL are returned as they are.
 * @throws Error if no file matches a pattern
 */
export async function expandFilePatterns(patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of patterns) {
    if (isRemote(pattern) || !/[*?]/.test(pattern) || (await exists(pattern))) files.push(pattern);
    else files.push(...(await filesMatching(pattern)));
  }
  return files;
}

async function filesMatching(pattern: string): Promise<string[]> {
  const path = pattern.replaceAll(sep, "/");
  const split = path.lastIndexOf("/", path.search(/[*?]/)) + 1;
  const [directory, rest] = [path.slice(0, split), path.slice(split)];
  const expression = expressionOf(rest);
  const names = await readdir(directory || ".", { recursive: rest.includes("/") }).catch(
    (): string[] => [],
  );
  const files = names
    .map((name) => name.replaceAll(sep, "/"))
    .filter((name) => expression.test(name))
    .map((name) => `${directory}${name}`)
    .sort();
  if (files.length === 0) throw new Error(`No file matches ${pattern}.`);
  return files;
}

/** Regular expressions for the wildcards, and for names that are not hidden. */
const [anyText, anyCharacter, visible] = ["[^/]*", "[^/]", String.raw`(?!\.)`];
const directories = `(?:${visible}[^/]+/)*`;

/** A regular expression that matches a whole path. */
function expressionOf(pattern: string): RegExp {
  const names = pattern.split("/");
  const parts = names.map((name, index) => {
    const isLast = index === names.length - 1;
    if (name === "**" && !isLast) return directories;
    const escaped = name.replace(/[.+^${}()|[\]\\]/g, "\\$&");
    const text = escaped.replace(/\*+/g, anyText).replaceAll("?", anyCharacter);
    return `${/^[*?]/.test(name) ? visible : ""}${text}${isLast ? "" : "/"}`;
  });
  return new RegExp(`^${parts.join("")}$`, "u");
}
