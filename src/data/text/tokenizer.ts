import { WordPiece, WordPieceDecoder } from "./library.js";
import { type Normalization, uncased } from "./normalize.js";
import {
  type Vocabulary,
  isSpecial,
  openVocabulary,
  parseVocabulary,
  specialPieces,
} from "./vocabulary.js";
import { longestWord, wordsOf } from "./words.js";

/** Words whose pieces are remembered; more than the words that are common in any language. */
const rememberedWords = 1 << 16;

/** Special pieces written out in a text stand for themselves: "[MASK]" is the mask. */
const specialInText = /(\[(?:PAD|UNK|CLS|SEP|MASK)\])/;

/** How a tokenizer of BERT's kind treats texts, beyond its vocabulary. */
export interface TokenizerSettings extends Normalization {
  /** Most tokens of a text, where the tokenizer's files state it. */
  readonly longest?: number;
}

/**
 * BERT's tokenizer, by default the uncased one of FLAVA (flava.md 4.2): text to ids of word pieces and back. Gives what transformers' `BertTokenizer`
 * gives, the fast one where its two forms differ: a capital sigma at the end of a word becomes the common small one,
 * unassigned characters stay (as [UNK]), U+2B820 to U+2B91F do not stand alone.
 *
 * Words and pieces are found by the library. Its normalizer is replaced (by its own rules it misses ideographs beyond U+FFFF
 * and writes a final sigma), and the pieces of words are remembered, because its search for them is slow.
 */
export class Tokenizer {
  readonly #decoder = new WordPieceDecoder({ type: "WordPiece", prefix: "##", cleanup: true });
  readonly #model: InstanceType<typeof WordPiece>;
  readonly #remembered = new Map<string, readonly number[]>();

  constructor(
    readonly vocabulary: Vocabulary,
    readonly settings: TokenizerSettings = uncased,
  ) {
    this.#model = new WordPiece({
      type: "WordPiece",
      vocab: Object.fromEntries(vocabulary.ids),
      unk_token: specialPieces.unknown,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: longestWord,
    });
  }

  /** Most tokens of a text for a model of so many positions. */
  longest(positions: number): number {
    return Math.min(positions, this.settings.longest ?? Infinity);
  }

  /**
   * The ids of a text, [CLS] first and [SEP] last, int32 [L] with L at most `maximum` (77 for pairs, 512 for text alone):
   * what does not fit is left out before [SEP]. Lone surrogates are left out like other invalid characters.
   */
  encode(text: string, { maximum = Infinity }: { readonly maximum?: number } = {}): Int32Array {
    if (!(maximum >= 2)) {
      throw new RangeError(
        `A text cannot have ${maximum} tokens at most: [CLS] and [SEP] take two. Give a maximum of 2 or more.`,
      );
    }
    const { classification, separator } = this.vocabulary.special;
    const ids = [classification];
    this.#append(ids, text, maximum - 1);
    ids.length = Math.min(ids.length, Math.floor(maximum) - 1);
    ids.push(separator);
    return Int32Array.from(ids);
  }

  /** The text of ids, normalized and spaced as well as can be known. Special pieces are omitted unless requested. */
  decode(ids: Iterable<number>, { special = false }: { readonly special?: boolean } = {}): string {
    const kept = special ? ids : [...ids].filter((id) => !isSpecial(this.vocabulary, id));
    return this.#decoder.decode(this.pieces(kept));
  }

  /** The pieces of ids, with "##" in front of those that continue a word. */
  pieces(ids: Iterable<number>): string[] {
    return Array.from(ids, (id) => {
      const piece = this.vocabulary.pieces[id];
      if (piece !== undefined) return piece;
      throw new RangeError(
        `There is no piece with id ${id}: this vocabulary has ids from 0 to ${this.vocabulary.pieces.length - 1}.`,
      );
    });
  }

  /** Appends the ids of a text's words; stops once there are `enough`. */
  #append(ids: number[], text: string, enough: number): void {
    for (const [index, section] of text.split(specialInText).entries()) {
      if (ids.length >= enough) return;
      const isSpecialPiece = index % 2 === 1; // split puts what it found between the rest
      if (isSpecialPiece) ids.push(this.vocabulary.ids.get(section)!);
      else this.#appendWords(ids, wordsOf(section, this.settings), enough);
    }
  }

  #appendWords(ids: number[], words: readonly string[], enough: number): void {
    for (const word of words) {
      if (ids.length >= enough) return;
      for (const id of this.#idsOf(word)) ids.push(id);
    }
  }

  #idsOf(word: string): readonly number[] {
    const known = this.#remembered.get(word);
    if (known) return known;
    const ids = this.#model.encode([word]).map((piece) => this.vocabulary.ids.get(piece)!);
    if (this.#remembered.size >= rememberedWords) this.#remembered.clear();
    if (word.length <= longestWord) this.#remembered.set(word, ids);
    return ids;
  }
}

/**
 * A tokenizer with the vocabulary of FLAVA, or another: the path of a `vocab.txt`, or its text (which has more than one
 * line). Raises a `VocabularyError` where it does not fit.
 */
export async function openTokenizer({
  vocabulary,
}: { readonly vocabulary?: string } = {}): Promise<Tokenizer> {
  const isText = vocabulary?.includes("\n") ?? false;
  return new Tokenizer(isText ? parseVocabulary(vocabulary!) : await openVocabulary(vocabulary));
}
