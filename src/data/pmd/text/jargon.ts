import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { type DictionaryEntry, dictionaryEntries } from "./dictionary.js";
import { EntryBinder } from "./document.js";
import { blocks, ProseSieve } from "./prose.js";

/** The Jargon File (package dict-jargon), some entries to a document. */
export async function* jargonTexts(packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory("dict-jargon");
  if (directory === undefined) return;
  const binder = new EntryBinder({ source: "jargon", licence: "public domain" });
  const sieve = new ProseSieve(6);
  const path = join(directory, "usr/share/dictd/jargon.dict.dz");
  for await (const entry of dictionaryEntries(path)) {
    if (entry.head.startsWith("00-")) continue;
    for (const paragraph of sieve.keep(jargonParagraphs(entry))) yield* binder.add(paragraph);
  }
  yield* binder.rest();
}

/** "Headword: explanation" and what follows; the line of pronunciation and grammar, numbers and frames of tables go. */
export function jargonParagraphs(entry: DictionaryEntry): string[] {
  const paragraphs: string[] = [];
  for (const block of blocks(entry.body.replace(/^ \S.*$/m, ""))) {
    if (/[\u2500-\u257f]/.test(block)) continue;
    const text = block
      .replace(/^\d+\.\s*/, "")
      .replace(/^(?:\[[^\]]*\]\s*)?(?:(?:n|v|vt|vi|adj|adv)\.[,\s]*)*(?:\[[^\]]*\]\s*)?/, "")
      .replace(/\{\s*([^{}]*?)\s*\}/g, "$1")
      .replace(/“\s+/g, "“")
      .replace(/\s+”/g, "”")
      .trim();
    if (text !== "")
      paragraphs.push(paragraphs.length === 0 ? `${entry.head.trim()}: ${text}` : text);
  }
  return paragraphs;
}
