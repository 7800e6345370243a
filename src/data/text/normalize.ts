/** Normalization of texts before they are split into word pieces. */
export interface Normalization {
  /** Converts to lower case. */
  readonly lowercase: boolean;
  /** Removes accents. */
  readonly stripAccents: boolean;
}

/** As `bert-base-uncased` has it, and so FLAVA (flava.md 4.2). */
export const uncased: Normalization = { lowercase: true, stripAccents: true };

/**
 * Normalizes a text as BERT does: control characters removed, ideographs set apart by spaces, accents and capitals as asked.
 * Equals the BertNormalizer of Hugging Face's tokenizers (the compiled library) but for some 660 characters, nearly all of
 * them younger than its tables of about Unicode 8: marks, format characters and punctuation follow the tables of the
 * JavaScript engine here. None of them is in FLAVA's vocabulary.
 */
export function normalize(text: string, { lowercase, stripAccents }: Normalization): string {
  if (printableAscii.test(text)) return lowercase ? text.toLowerCase() : text;
  const clean = text.replace(removed, "").replace(ideograph, " $& ");
  const stripped = stripAccents ? clean.normalize("NFD").replace(/\p{Mn}+/gu, "") : clean;
  // Letter by letter, as that library does it: without Greek's second small sigma at the end of a word.
  return lowercase ? stripped.replaceAll("Σ", "σ").toLowerCase() : stripped;
}

const printableAscii = /^[\x20-\x7e]*$/;

/** Control, format, private and lone surrogate characters, but not the white space among them; U+FFFD as well. */
const removed = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu;

/** The ranges of BERT's first program, one of them a little shorter, from U+2B920, as that library has it. */
const ideograph =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
