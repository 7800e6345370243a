/** Dictionaries of the dict project: a gzip file of entries, each a head at the left margin and an indented body. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { LoneText } from "../../item.js";
import type { Packages } from "../../packages.js";
import { EntryBinder } from "../document.js";
import { ProseSieve } from "../prose.js";

export interface DictionaryEntry {
  /** The first line: headword, with pronunciation and grammar if the dictionary gives them. */
  readonly head: string;
  /** The indented lines, with blank lines between blocks. */
  readonly body: string;
}

/**
 * The prose of package `dict-<source>`, several entries to a document; none if it is not available.
 * @param paragraphsOf returns an entry in self-contained paragraphs
 */
export async function* dictionaryTexts(
  packages: Packages,
  source: string,
  license: string,
  paragraphsOf: (entry: DictionaryEntry) => readonly string[],
): AsyncGenerator<LoneText> {
  const directory = await packages.directory(`dict-${source}`);
  if (directory === undefined) return;
  const binder = new EntryBinder({ source, license });
  const sieve = new ProseSieve(6);
  const packed = await readFile(join(directory, `usr/share/dictd/${source}.dict.dz`));
  for (const entry of parseDictionary(gunzipSync(packed).toString("utf8"))) {
    // Descriptions of the dictionary itself.
    if (entry.head.startsWith("00-")) continue;
    for (const paragraph of sieve.keep(paragraphsOf(entry))) yield* binder.add(paragraph);
  }
  yield* binder.rest();
}

/** The entries of a dictionary's text. Variants of a headword are in the lines below it; the first line is the head. */
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
