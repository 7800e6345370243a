/** Dictionaries of the dict project: a gzip file of entries, each a head at the left margin and an indented body. */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";

export interface DictionaryEntry {
  /** The first line: headword, with pronunciation and grammar where the dictionary gives them. */
  readonly head: string;
  /** The indented lines, blank lines between blocks kept. */
  readonly body: string;
}

/** The entries of the file at `path` (`*.dict.dz`) in their order. */
export async function* dictionaryEntries(path: string): AsyncGenerator<DictionaryEntry> {
  yield* parseDictionary(gunzipSync(await readFile(path)).toString("utf8"));
}

/** The entries of a dictionary's text. Variants of a headword stand in lines below it; the first line is the head. */
export function* parseDictionary(text: string): Generator<DictionaryEntry> {
  let head: string | undefined;
  let body: string[] = [];
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
    if (/^\S/.test(line)) {
      const variant = head !== undefined && body.every((row) => row === "");
      if (variant) continue;
      if (head !== undefined) yield { head, body: body.join("\n") };
      head = line;
      body = [];
    } else if (head !== undefined) {
      body.push(line.trimEnd());
    }
  }
  if (head !== undefined) yield { head, body: body.join("\n") };
}
