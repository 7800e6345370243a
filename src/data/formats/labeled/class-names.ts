/** How files refer to classes: by number, or by a name spelled in some way. */
import { SourceError } from "../source-error.js";

/**
 * The class with a number.
 * @param where the file and record, for messages
 * @param first the number of the first class: 0, or 1 in files written by MATLAB
 * @throws SourceError if there is no such class
 */
export function classAt(
  classes: readonly string[],
  number: number,
  where: string,
  first = 0,
): string {
  const found = classes[number - first];
  if (found !== undefined) return found;
  throw new SourceError(
    `${where} has class ${number}; classes go from ${first} to ${classes.length - 1 + first}. The file is damaged, or belongs to ` +
      `another set.`,
  );
}

/**
 * The class of each of `names`, such as folders: by spelling, where case, spaces and punctuation do not matter; if the names
 * are other ones (ImageNet's are numbers of WordNet), by their order, which is the sorted one.
 * @param where what has these names, for messages
 * @throws SourceError if the names are not those of all classes
 */
export function classesByName(
  classes: readonly string[],
  names: readonly string[],
  where: string,
): Map<string, string> {
  if (names.length !== classes.length)
    throw new SourceError(
      `${where} has ${names.length} classes, but the set has ${classes.length}: a part of the files is missing, or they are those of ` +
        `another set.`,
    );
  const spelled = classesBySpelling(classes, names);
  if (spelled) return new Map(names.map((name, index) => [name, spelled[index]!]));
  return new Map([...names].sort().map((name, index) => [name, classes[index]!]));
}

/** The class of each of as many names by its spelling; undefined unless these are the names of all classes. */
export function classesBySpelling(
  classes: readonly string[],
  names: readonly string[],
): readonly string[] | undefined {
  const bySpelling = new Map(classes.map((name) => [spelling(name), name]));
  const found = names.flatMap((name) => bySpelling.get(spelling(name)) ?? []);
  return new Set(found).size === names.length ? found : undefined;
}

const spelling = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
