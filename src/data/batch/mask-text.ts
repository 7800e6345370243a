import type { Key } from "../../base/random.js";
import { type Vocabulary, isContinuation, isSpecial } from "../text/vocabulary.js";
import { type RandomSource, randomSource } from "./random-source.js";

export interface MaskTextOptions {
  readonly vocabulary: Vocabulary;
  /** Share of the pieces to predict; default 0.15. */
  readonly probability?: number;
  /** Draws single word pieces (text alone) or whole words (pairs); default "piece". */
  readonly unit?: "piece" | "word";
  /** Maximum number of positions; see `mostMasked`. */
  readonly most?: number;
}

/** A text with some pieces masked. */
export interface MaskedText {
  /** The model's input, int32 [L]. */
  readonly maskedIds: Int32Array;
  /** Positions to predict, ascending, int32 [N]. */
  readonly positions: Int32Array;
  /** The original pieces at these positions, int32 [N]. */
  readonly labels: Int32Array;
}

/** Maximum number of masked positions in a text of `length` tokens, including [CLS] and [SEP]. */
export function mostMasked(length: number, probability = 0.15): number {
  return countOf(length - 2, probability);
}

/**
 * Masks a text for masked language modeling (flava.md 3.4): of its n pieces max(1, round(probability * n)) are selected;
 * 80 % of these become [MASK], 10 % a random piece, 10 % stay. Special pieces, [UNK] and padding among them, neither count
 * nor are selected nor put in; a text without any other piece has no positions. `ids` is int32 [L] and is left as it is;
 * the same key gives the same mask.
 *
 * Whole words are taken in random order as long as they fit, like transformers' whole-word collator, except that the share
 * is of the real pieces, not of the padded length; if no word fits, the first one is taken, up to `most` pieces.
 */
export function maskText(
  ids: ArrayLike<number>,
  key: Key,
  { vocabulary, probability = 0.15, unit = "piece", most = Infinity }: MaskTextOptions,
): MaskedText {
  requireShare(probability, most);
  const random = randomSource(key);
  const units = unitsOf(ids, vocabulary, unit);
  const pieces = units.reduce((sum, positions) => sum + positions.length, 0);
  const positions =
    pieces === 0 ? new Int32Array() : select(units, random, countOf(pieces, probability), most);
  const labels = positions.map((position) => ids[position]!);
  const maskedIds = Int32Array.from(ids);
  for (const [index, position] of positions.entries()) {
    maskedIds[position] = replacement(labels[index]!, vocabulary, random);
  }
  return { maskedIds, positions, labels };
}

function countOf(pieces: number, probability: number): number {
  return Math.max(1, Math.round(probability * pieces));
}

/** Groups of positions that are drawn together. */
function unitsOf(
  ids: ArrayLike<number>,
  vocabulary: Vocabulary,
  unit: "piece" | "word",
): number[][] {
  const units: number[][] = [];
  let word: number[] | undefined; // the one that a continuation belongs to
  for (let position = 0; position < ids.length; position++) {
    const id = ids[position]!;
    if (isSpecial(vocabulary, id)) word = undefined;
    else if (word && unit === "word" && isContinuation(vocabulary, id)) word.push(position);
    else units.push((word = [position]));
  }
  return units;
}

/** Draws units in random order while they fit into `count` positions: at least one unit, or its first `most` positions. */
function select(units: number[][], random: RandomSource, count: number, most: number): Int32Array {
  const budget = Math.min(count, most);
  const selected: number[] = [];
  for (let drawn = 0; drawn < units.length && selected.length < budget; drawn++) {
    const other = random.integer(drawn, units.length - 1);
    [units[drawn], units[other]] = [units[other]!, units[drawn]!];
    const unit = units[drawn]!;
    if (selected.length + unit.length <= budget) selected.push(...unit);
  }
  return Int32Array.from(selected.length > 0 ? selected : units[0]!.slice(0, most)).sort();
}

function replacement(id: number, { special, ordinary }: Vocabulary, random: RandomSource): number {
  const choice = random.uniform(0, 1);
  if (choice < 0.8) return special.mask;
  if (choice < 0.9) return ordinary[random.integer(0, ordinary.length - 1)]!;
  return id;
}

function requireShare(probability: number, most: number): void {
  if (!(probability > 0 && probability <= 1)) {
    throw new RangeError(
      `Expected the share of pieces to mask in (0, 1], such as 0.15, but got ${probability}.`,
    );
  }
  if (!(most >= 1)) {
    throw new RangeError(
      `Expected a maximum number of masked positions >= 1, but got ${most}; use mostMasked(length, probability), or leave it out.`,
    );
  }
}
