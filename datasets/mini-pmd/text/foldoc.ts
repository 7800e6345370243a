import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { type DictionaryEntry, dictionaryTexts } from "./formats/dictionary.js";
import { blocks } from "./prose.js";

/** The Free On-line Dictionary of Computing (package dict-foldoc), several entries to a document. */
export function foldocTexts(packages: Packages): AsyncGenerator<LoneText> {
  return dictionaryTexts(packages, "foldoc", "GFDL-1.3-or-later", foldocParagraphs);
}

/** "Headword: explanation" and what follows, without dates, fields and entries from the Jargon File (a separate source). */
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
