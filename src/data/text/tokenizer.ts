import { WordPieceDecoder } from "./library.js";
import { type Normalization, uncased } from "./normalize.js";
import {
  type Vocabulary,
  continuationPrefix,
  isSpecial,
  openVocabulary,
  parseVocabulary,
} from "./vocabulary.js";
import { longestWord, wordsOf } from "./words.js";

/** Number of words whose pieces are cached; more than the common words of any language. */
const rememberedWords = 1 << 16;

/** Special pieces that appear literally in a text are recognized: "[MASK]" is the mask. */
const specialInText = /(\[(?:PAD|UNK|CLS|SEP|MASK)\])/;

/** Settings of a BERT tokenizer besides its vocabulary. */
export interface TokenizerSettings extends Normalization {
  /** Maximum number of tokens per text, if the tokenizer's files state it. */
  readonly longest?: number;
}

/** A text or a pair of texts as word pieces. */
export interface EncodedText {
  /** From [CLS] to the last [SEP], int32 [L]. */
  readonly ids: Int32Array;
  /** Where the second text begins (segment 1); L if there is none. */
  readonly second: number;
  /** Whether tokens were dropped to keep to the maximum. */
  readonly truncated: boolean;
}

/**
 * A BERT tokenizer, by default FLAVA's uncased one (flava.md 4.2): converts text to word-piece ids and back. Matches
 * `BertTokenizer` in transformers; where its fast and slow versions differ, the fast one: a capital sigma at the end of
 * a word becomes σ, unassigned characters are kept (as [UNK]), and U+2B820 to U+2B91F are not split off.
 *
 * Splitting into words is done by the library. Its normalizer is replaced because it misses ideographs beyond U+FFFF and
 * produces a final sigma; its search for pieces, because it copies the vocabulary twice, which takes longer than to read it.
 */
export class Tokenizer {
  readonly #decoder = new WordPieceDecoder({
    type: "WordPiece",
    prefix: continuationPrefix,
    cleanup: true,
  });
  readonly #remembered = new Map<string, readonly number[]>();

  /** @param settings default: those of `bert-base-uncased` and FLAVA */
  constructor(
    /** Its word pieces. */
    readonly vocabulary: Vocabulary,
    /** How it normalizes, and the longest text that its files state. */
    readonly settings: TokenizerSettings = uncased,
  ) {}

  /** Maximum number of tokens per text for a model with this many positions. */
  longest(positions: number): number {
    return Math.min(positions, this.settings.longest ?? Infinity);
  }

  /**
   * The ids of a text, from [CLS] to [SEP], int32 [L] with L at most `maximum` (77 for pairs, 512 for text alone):
   * excess tokens before [SEP] are dropped. Lone surrogates are removed like other invalid characters.
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

  /**
   * The ids of a text or of a pair of texts, [CLS] text [SEP] pair [SEP], at most `maximum`. Of a pair that is too long, the
   * longer text loses its excess tokens first, as in transformers ("longest_first").
   */
  encodePair(text: string, pair: string | undefined, maximum: number): EncodedText {
    const { classification, separator } = this.vocabulary.special;
    const parts = [text, ...(pair === undefined ? [] : [pair])].map((part) => {
      const ids: number[] = [];
      this.#append(ids, part, pair === undefined ? maximum : Infinity);
      return ids;
    });
    const room = maximum - 1 - parts.length;
    if (!(room >= 0)) {
      throw new RangeError(
        `A pair of texts cannot have ${maximum} tokens at most: [CLS] and two [SEP] take three. Give a larger maximum.`,
      );
    }
    const [first = [], second] = parts;
    const kept = fitted([first.length, second?.length ?? 0], room);
    const ids = [classification, ...first.slice(0, kept[0]), separator];
    const start = ids.length;
    if (second) ids.push(...second.slice(0, kept[1]), separator);
    const truncated = kept[0] < first.length || kept[1] < (second?.length ?? 0);
    return { ids: Int32Array.from(ids), second: second ? start : ids.length, truncated };
  }

  /** The normalized text for `ids`, with best-effort spacing. Special pieces are omitted unless requested. */
  decode(ids: Iterable<number>, { special = false }: { readonly special?: boolean } = {}): string {
    const kept = special ? ids : [...ids].filter((id) => !isSpecial(this.vocabulary, id));
    return this.#decoder.decode(this.pieces(kept));
  }

  /** The pieces for `ids`; those that continue a word begin with "##". */
  pieces(ids: Iterable<number>): string[] {
    return Array.from(ids, (id) => {
      const piece = this.vocabulary.pieces[id];
      if (piece !== undefined) return piece;
      throw new RangeError(
        `There is no piece with id ${id}: this vocabulary has ids from 0 to ${this.vocabulary.pieces.length - 1}.`,
      );
    });
  }

  /** Appends the ids of the words in a text; stops once there are `enough`. */
  #append(ids: number[], text: string, enough: number): void {
    for (const [index, section] of text.split(specialInText).entries()) {
      if (ids.length >= enough) return;
      const isSpecialPiece = index % 2 === 1; // split returns matches at odd indices
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
    const ids = idsOfWord(word, this.vocabulary);
    if (this.#remembered.size >= rememberedWords) this.#remembered.clear();
    if (word.length <= longestWord) this.#remembered.set(word, ids);
    return ids;
  }
}

/** The ids of a word's pieces, each the longest that begins where the one before ends; [UNK] where there is none. */
function idsOfWord(word: string, { ids, special }: Vocabulary): readonly number[] {
  const characters = Array.from(word);
  if (characters.length > longestWord) return [special.unknown];
  const piece = (start: number, end: number): string =>
    (start === 0 ? "" : continuationPrefix) + characters.slice(start, end).join("");
  const found: number[] = [];
  let start = 0;
  while (start < characters.length) {
    let end = characters.length;
    while (end > start && !ids.has(piece(start, end))) end--;
    if (end === start) return [special.unknown];
    found.push(ids.get(piece(start, end))!);
    start = end;
  }
  return found;
}

/** The lengths of two texts, cut so that they fit into `room` together; ties are broken as in the tokenizers library. */
function fitted([first, second]: readonly [number, number], room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const shorter = Math.min(first, second);
  const half = Math.floor(room / 2);
  const [small, large] = shorter > half ? [half, room - half] : [shorter, room - shorter];
  return first > second ? [large, small] : [small, large];
}

/**
 * Opens a tokenizer with FLAVA's vocabulary or another one, given as the path of a `vocab.txt` or as its text (which
 * has more than one line). Throws a `VocabularyError` if the vocabulary is invalid.
 */
export async function openTokenizer({
  vocabulary,
}: { readonly vocabulary?: string } = {}): Promise<Tokenizer> {
  const isText = vocabulary?.includes("\n") ?? false;
  return new Tokenizer(isText ? parseVocabulary(vocabulary!) : await openVocabulary(vocabulary));
}
