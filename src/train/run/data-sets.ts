/** The data sets that a recipe names. */
import { readdir } from "node:fs/promises";
import { basename, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { DataSetRecipe } from "../../configs/data-set.js";
import type { SourceOptions } from "../../data/formats/source.js";
import { isRemote } from "../../data/remote/address.js";
import { exists, isDirectory } from "../../base/exists.js";

/** A data set to open. */
export interface NamedDataSet {
  /** By default its path from the root: what a seed draws does not depend on where the data are. */
  readonly name: string;
  readonly path: string;
  readonly options: SourceOptions;
}

/**
 * The data sets that match `entries`, sorted by path. A `*` stands for any directory, or within a name for any part of it;
 * every match is a data set of its own.
 * @throws Error if nothing matches an entry, or two data sets have one name
 */
export async function dataSetsOf(
  root: string,
  entries: readonly DataSetRecipe[],
): Promise<NamedDataSet[]> {
  const found: NamedDataSet[] = [];
  for (const entry of entries) {
    const { path: pattern, name, ...columns } = typeof entry === "string" ? { path: entry } : entry;
    const place = isRemote(pattern) ? pattern : resolve(root, pattern);
    const paths = await pathsOf(place);
    if (paths.length === 0) {
      throw new Error(
        `There is nothing at ${place}. Name another file or directory; what the built-in recipes train ` +
          "on is made by flava data build.",
      );
    }
    for (const path of paths) {
      found.push({ name: name ?? nameOf(root, path), path, options: sourceOptions(root, columns) });
    }
  }
  return withoutRepeats(found).sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** Data outside of the root keep their absolute path, and remote data their URL. */
function nameOf(root: string, path: string): string {
  if (isRemote(path)) return path;
  const name = relative(root, path);
  return name.startsWith("..") || isAbsolute(name) ? path : name.split(sep).join("/");
}

function sourceOptions(
  root: string,
  recipe: Omit<Exclude<DataSetRecipe, string>, "path" | "name">,
): SourceOptions {
  const { imageColumn, textColumn, labelColumn, imageRoot, ...options } = recipe;
  const texts = typeof textColumn === "string" ? [textColumn] : textColumn;
  const hasColumns = imageColumn ?? texts ?? labelColumn;
  return {
    ...options,
    ...(imageRoot !== undefined && { imageRoot: resolve(root, imageRoot) }),
    ...(hasColumns && { columns: { image: imageColumn, texts, label: labelColumn } }),
  };
}

/** Several patterns may match a data set; with other options it needs another name. */
function withoutRepeats(sets: readonly NamedDataSet[]): NamedDataSet[] {
  const byName = new Map<string, NamedDataSet>();
  for (const set of sets) {
    const known = byName.get(set.name);
    if (known && JSON.stringify(known) !== JSON.stringify(set)) {
      throw new Error(
        `Two data sets are named "${set.name}". Give one of them another name: { "path": ..., "name": ... }.`,
      );
    }
    byName.set(set.name, set);
  }
  return [...byName.values()];
}

/** Directories above the first `*` are only traversed: they need not be readable. */
async function pathsOf(pattern: string): Promise<string[]> {
  if (isRemote(pattern) || /[{}]/.test(pattern)) return [pattern]; // the files of one data set
  const is = basename(pattern) === "*" ? isDirectory : exists;
  let paths = ["/"];
  for (const part of pattern.split("/").filter(Boolean)) {
    const next = await Promise.all(paths.map((path) => step(path, part)));
    paths = next.flat();
  }
  const found = await Promise.all(paths.map(is));
  return paths.filter((_, index) => found[index]);
}

async function step(path: string, part: string): Promise<string[]> {
  if (!part.includes("*")) return [join(path, part)];
  const pieces = part.split("*").map((piece) => piece.replace(/[.+?^$()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^(?!\\.)${pieces.join(".*")}$`);
  const names = await readdir(path).catch(() => []);
  return names.filter((name) => expression.test(name)).map((name) => join(path, name));
}
