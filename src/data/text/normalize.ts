/** Text normalization before splitting into word pieces. */
export interface Normalization {
  /** Converts to lower case. */
  readonly lowercase: boolean;
  /** Removes accents. */
  readonly stripAccents: boolean;
}

/** The settings of `bert-base-uncased` and FLAVA (flava.md 4.2). */
export const uncased: Normalization = { lowercase: true, stripAccents: true };

/**
 * Normalizes a text as BERT does: removes control characters, puts spaces around ideographs, and optionally strips
 * accents and lowercases. Matches BertNormalizer in Hugging Face tokenizers (the compiled library) except for some 660
 * characters, nearly all newer than its tables (about Unicode 8): marks, format characters and punctuation follow the
 * JavaScript engine's tables here. None of them is in FLAVA's vocabulary.
 */
export function normalize(text: string, { lowercase, stripAccents }: Normalization): string {
  if (printableAscii.test(text)) return lowercase ? text.toLowerCase() : text;
  const clean = text.replace(removed, "").replace(ideograph, " $& ");
  const stripped = stripAccents ? clean.normalize("NFD").replace(/\p{Mn}+/gu, "") : clean;
  // Per character, like that library: no final sigma at the end of a word.
  return lowercase ? stripped.replaceAll("Σ", "σ").toLowerCase() : stripped;
}

const printableAscii = /^[\x20-\x7e]*$/;

/** Control, format, private-use and lone surrogate characters, except white space; also U+FFFD. */
const removed = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu;

/** The ranges of the original BERT code, except that one starts at U+2B920, as in that library. */
const ideograph =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
