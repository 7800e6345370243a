/** What counts as prose: sentences of English words, not code, tables, lists of names or drawings. */

/** Fewer words than these are headings and labels, not prose. */
export const leastWords = 8;

/** Words of a text, split at white space. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** One line: white space collapsed, invisible characters and URLs dropped, e-mail addresses masked. */
export function cleanLine(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[\u00ad\u200b-\u200f\u2060\ufeff\ufffd]/g, "")
    .replace(/<?\b(?:https?|ftp|mailto|news):[^\s<>"]*>?/gi, " ")
    .replace(/\bwww\.[^\s<>"]+/gi, " ")
    .replace(/<?[\w.+-]+@[\w-]+(?:\.[\w-]+)+>?/g, "someone")
    .replace(/\(\s*\)|\[\s*\]/g, " ")
    .replace(/\s+/g, " ")
    .replace(/ ([,.;:!?)\]])(?=\s|$)/g, "$1")
    .trim();
}

/** Program syntax within a word. */
const codeWord = /[_={}<>|\\$#@^~`*]|::|->|\(\)|\w\.\w+\.\w|^--?\w|\/\w+\/|[a-z][A-Z]/;

/** Whether a cleaned paragraph reads as English prose of at least `least` words. */
export function isProse(text: string, least: number = leastWords): boolean {
  const all = words(text);
  if (all.length < least) return false;
  if (!/[.!?;:…]["'”’»)\]]*$/.test(text)) return false;
  const solid = text.replace(/\s/g, "");
  const letters = solid.replace(/[^A-Za-z]/g, "").length;
  if (letters < 0.8 * solid.length || letters > 12 * all.length || letters < 2.4 * all.length) {
    return false;
  }
  const capitals = text.replace(/[^A-Z]/g, "").length;
  if (capitals > 0.3 * letters) return false;
  return all.filter((word) => codeWord.test(word)).length <= 0.12 * all.length;
}

/**
 * Keeps each paragraph of prose once. Paragraphs that differ only in digits, case or punctuation count as the
 * same: manuals repeat their texts with other version numbers.
 */
export class ProseSieve {
  readonly #seen = new Set<number>();

  constructor(private readonly least: number = leastWords) {}

  /** The cleaned paragraphs that are prose and new. */
  keep(paragraphs: Iterable<string>): string[] {
    const kept: string[] = [];
    for (const paragraph of paragraphs) {
      const text = cleanLine(paragraph);
      if (isProse(text, this.least) && this.isNew(text)) kept.push(text);
    }
    return kept;
  }

  /** Whether no similar text was given before; remembers it. */
  isNew(text: string): boolean {
    const hash = fingerprint(text);
    if (this.#seen.has(hash)) return false;
    this.#seen.add(hash);
    return true;
  }
}

/** 52 bits of the letters of a text: equal for near copies, hardly ever for others. */
export function fingerprint(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index) | 32; // lower case, for the letters
    if (code < 97 || (code > 122 && code < 192)) continue;
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5bd1e995) ^ (high >>> 15);
  }
  return (high >>> 12) * 0x100000000 + (low >>> 0);
}

/** Blocks of lines separated by blank lines; lines of a block are joined by a space. */
export function blocks(text: string): string[] {
  return text
    .split(/\r?\n[ \t]*(?:\r?\n[ \t]*)+/)
    .map((block) => block.replace(/\s+/g, " ").trim())
    .filter((block) => block !== "");
}
