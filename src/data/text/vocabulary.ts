import { node, packagePath } from "../../base/package-root.js";

/** A vocabulary that cannot be used. */
export class VocabularyError extends Error {
  override readonly name = "VocabularyError";
}

/** A BERT vocabulary of word pieces. Ids are integers from 0 to `pieces.length - 1`. */
export interface Vocabulary {
  /** By id; a piece that continues a word begins with "##". */
  readonly pieces: readonly string[];
  /** The id of each piece. */
  readonly ids: ReadonlyMap<string, number>;
  /** Ids of the pieces that are no text. */
  readonly special: SpecialIds;
  /** Ids that stand for text: neither special nor [unusedN]. */
  readonly ordinary: Int32Array;
}

/** The ids of BERT's special pieces. */
export type SpecialIds = {
  /** [PAD], which fills up texts. */
  readonly padding: number;
  /** [UNK], which stands for what the vocabulary does not have. */
  readonly unknown: number;
  /** [CLS], the first token of every text. */
  readonly classification: number;
  /** [SEP], the last token of every text. */
  readonly separator: number;
  /** [MASK], which hides a piece. */
  readonly mask: number;
};

/** How BERT spells the special pieces. */
export const specialPieces: Readonly<Record<keyof SpecialIds, string>> = {
  padding: "[PAD]",
  unknown: "[UNK]",
  classification: "[CLS]",
  separator: "[SEP]",
  mask: "[MASK]",
};

/** Prefix of pieces that continue a word. */
export const continuationPrefix = "##";

/**
 * Reads a vocabulary, by default that of `bert-base-uncased`, which FLAVA uses (flava.md 4.2) and the package includes.
 * Throws a `VocabularyError` if the file cannot be read or is invalid.
 */
export async function openVocabulary(path?: string): Promise<Vocabulary> {
  const file = path ?? packagePath("vocabulary", "vocab.txt");
  const { readFile } = node().getBuiltinModule("node:fs/promises");
  const bytes = await readFile(file).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VocabularyError(
      `The vocabulary ${file} cannot be read (${reason}). Give a vocab.txt with one word piece a line.`,
      { cause },
    );
  });
  return parseVocabulary(vocabularyText(bytes, file), file);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a vocab.txt; throws a `VocabularyError` if it is not UTF-8, so that pieces would be lost. */
export function vocabularyText(bytes: Uint8Array, name: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new VocabularyError(`${name} is not UTF-8. Save it again in that encoding.`, { cause });
  }
}

/** Parses a vocab.txt: one piece per line, special pieces spelled as in BERT. `name` is for messages. */
export function parseVocabulary(text: string, name = "The vocabulary"): Vocabulary {
  const pieces = text.split(/\r?\n/);
  if (pieces.at(-1) === "") pieces.pop(); // after the final newline
  return vocabularyOf(pieces, name);
}

/** A vocabulary of `pieces` in id order; throws a `VocabularyError` for a repeated piece or a missing special one. */
export function vocabularyOf(pieces: readonly string[], name: string): Vocabulary {
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  if (ids.has("")) {
    throw new VocabularyError(`${name} has an empty line, number ${pieces.indexOf("") + 1}.`);
  }
  const twice = pieces.findIndex((piece, id) => ids.get(piece) !== id);
  if (twice >= 0) {
    const piece = pieces[twice]!;
    throw new VocabularyError(
      `${name} has ${JSON.stringify(piece)} twice, in lines ${twice + 1} and ${ids.get(piece)! + 1}; ` +
        "every piece needs one id.",
    );
  }
  const idOf = (key: keyof SpecialIds): number => {
    const id = ids.get(specialPieces[key]);
    if (id !== undefined) return id;
    throw new VocabularyError(
      `${name} has no ${specialPieces[key]} among its ${pieces.length} lines. ` +
        "Give the vocab.txt of a BERT model: one word piece a line.",
    );
  };
  const special = {
    padding: idOf("padding"),
    unknown: idOf("unknown"),
    classification: idOf("classification"),
    separator: idOf("separator"),
    mask: idOf("mask"),
  };
  const ordinary = Int32Array.from(pieces.keys()).filter((id) => isOrdinary(pieces[id]!));
  return { pieces, ids, special, ordinary };
}

/** Whether the piece continues the word of the previous one. */
export function isContinuation({ pieces }: Vocabulary, id: number): boolean {
  return pieces[id]?.startsWith(continuationPrefix) ?? false;
}

/** Whether an id is one of the five special ones, which include [UNK]. */
export function isSpecial({ special }: Vocabulary, id: number): boolean {
  return (
    id === special.padding ||
    id === special.unknown ||
    id === special.classification ||
    id === special.separator ||
    id === special.mask
  );
}

const notOrdinary = new Set(Object.values(specialPieces));

function isOrdinary(piece: string): boolean {
  return !notOrdinary.has(piece) && !/^\[unused\d+\]$/.test(piece);
}
