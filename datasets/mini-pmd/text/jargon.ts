import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { type DictionaryEntry, dictionaryTexts } from "./formats/dictionary.js";
import { blocks } from "./prose.js";

/** The Jargon File (package dict-jargon), several entries to a document. */
export function jargonTexts(packages: Packages): AsyncGenerator<LoneText> {
  return dictionaryTexts(packages, "jargon", "public domain", jargonParagraphs);
}

/** "Headword: explanation" and what follows, without the line of pronunciation and grammar, numbers and frames of tables. */
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
