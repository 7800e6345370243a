/** The GNU Collaborative International Dictionary of English: Webster of 1913 with later additions. */
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { type DictionaryEntry, dictionaryTexts } from "./formats/dictionary.js";
import { blocks, words } from "./prose.js";

/** Definitions, usage notes and quotations of package dict-gcide, several entries to a document. */
export function gcideTexts(packages: Packages): AsyncGenerator<LoneText> {
  return dictionaryTexts(packages, "gcide", "GPL-3.0-or-later", gcideParagraphs);
}

/**
 * An entry in paragraphs: "Headword: definition", then notes and quotations. Etymology, pronunciation, marks of sources
 * and names of quoted writers are dropped; so are glosses from WordNet, which is a separate source.
 */
export function gcideParagraphs(entry: DictionaryEntry): string[] {
  const headword = /^[^\\([]+/.exec(entry.head)?.[0].trim() ?? "";
  // The head continues in the body while its brackets are open.
  const whole = `${entry.head.slice(headword.length)}\n${entry.body}`;
  const body = plainLetters(whole)
    .replace(/\[WordNet[^\]]*\](\n\s*\n|\s*$)/g, "\u0000$1")
    .replace(/\[1913 Webster\]|\[PJC\]/g, "\n\n");
  const paragraphs: string[] = [];
  for (const block of blocks(dropBrackets(body))) {
    if (block.includes("\u0000") || block.startsWith("Syn:")) continue;
    const sentence = block
      .replace(/^\\[^\\]*\\/, "")
      .replace(/^[^A-Z"]*?\b(?:n|v|a|adj|adv|p|pr|t|i|prep|pl|pron|conj|interj)\.(?=\s)/, "")
      .replace(/^(?:[\s,;.&]|\([^()]*\)|\b(?:n|v|a|adj|adv|p|pr|t|i|pl|imp|vb)\.)+/, "")
      .replace(/^(?:\d+|\([a-z]\))\.?\s+/, "")
      .replace(/^\([A-Z][A-Za-z. &]*\)\s*/, "")
      .replace(/^(?:Usage|Note):\s*/, "")
      .replace(/\s*--\s?[A-Z(][^-]{0,40}$/, "")
      .replace(/[{}]/g, "")
      .replace(/\s+/g, " ")
      .trim();
    if (words(sentence).length < 2) continue;
    const ended = /[.!?]["']?$/.test(sentence) ? sentence : `${sentence}.`;
    paragraphs.push(paragraphs.length === 0 ? `${headword}: ${ended}` : ended);
  }
  return paragraphs;
}

/** Accents are written in brackets, such as [^e] or [e^]: the letter stays. */
function plainLetters(text: string): string {
  return text.replace(
    /\[[^\w\s\]]{1,2}([A-Za-z]{1,2})\]|\[([A-Za-z]{1,2})[^\w\s.,?\]]{1,2}\]/g,
    "$1$2",
  );
}

function dropBrackets(text: string): string {
  return text.replace(/\[[^[\]]*\]/g, " ").replace(/\[[^[\]]*\]/g, " ");
}
