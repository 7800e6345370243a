import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { type DictionaryEntry, dictionaryEntries } from "./dictionary.js";
import { EntryBinder } from "./document.js";
import { blocks, ProseSieve } from "./prose.js";

/** The Free On-line Dictionary of Computing (package dict-foldoc), some entries to a document. */
export async function* foldocTexts(packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory("dict-foldoc");
  if (directory === undefined) return;
  const binder = new EntryBinder({ source: "foldoc", licence: "GFDL-1.3-or-later" });
  const sieve = new ProseSieve(6);
  const path = join(directory, "usr/share/dictd/foldoc.dict.dz");
  for await (const entry of dictionaryEntries(path)) {
    if (entry.head.startsWith("00-")) continue;
    for (const paragraph of sieve.keep(foldocParagraphs(entry))) yield* binder.add(paragraph);
  }
  yield* binder.rest();
}

/** "Headword: explanation" and what follows; dates, fields and entries out of the Jargon File (a source of its own) go. */
export function foldocParagraphs(entry: DictionaryEntry): string[] {
  if (entry.body.includes("[{Jargon File}]")) return [];
  const paragraphs: string[] = [];
  for (const block of blocks(entry.body)) {
    const text = block
      .replace(/^<[^>]*>\s*/, "")
      .replace(/\{([^{}]*)\}/g, (_all, name: string) =>
        name.replace(/^.*\((?:http|ftp)[^)]*\)$/, ""),
      )
      .replace(/\(?\d{4}-\d{2}-\d{2}\)?/g, "")
      .replace(/^\s*\[.*\]\s*$/, "")
      .trim();
    if (text === "" || /^(?:See|Compare|See also)\b.{0,60}$/.test(text)) continue;
    paragraphs.push(paragraphs.length === 0 ? `${entry.head.trim()}: ${text}` : text);
  }
  return paragraphs;
}
