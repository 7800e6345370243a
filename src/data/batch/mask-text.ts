import type { Key } from "../../base/random.js";
import { type Vocabulary, isContinuation, isSpecial } from "../text/vocabulary.js";
import { type RandomSource, randomSource } from "./random-source.js";

export interface MaskTextOptions {
  readonly vocabulary: Vocabulary;
  /** Share of the pieces that is to be predicted. */
  readonly probability?: number;
  /** What is drawn: single word pieces (text alone) or whole words (pairs). */
  readonly unit?: "piece" | "word";
  /** No more positions than this; `mostMasked` gives the number that a row of a batch has room for. */
  readonly most?: number;
}

/** A text of which some pieces are to be predicted. */
export interface MaskedText {
  /** What the model sees, int32 [L]. */
  readonly maskedIds: Int32Array;
  /** Where it has to predict, ascending, int32 [N]. */
  readonly positions: Int32Array;
  /** What stands there in truth, int32 [N]. */
  readonly labels: Int32Array;
}

/** How many positions a text of `length` tokens, [CLS] and [SEP] among them, has masked at most. */
export function mostMasked(length: number, probability = 0.15): number {
  return countOf(length - 2, probability);
}

/**
 * Masks a text for masked language modeling (flava.md 3.4): of its n pieces max(1, round(probability * n)) are selected;
 * 80 % of these become [MASK], 10 % a random piece, 10 % stay. Special pieces, [UNK] and padding among them, neither count
 * nor are selected nor put in; a text without any other piece has no positions. `ids` is int32 [L] and is left as it is;
 * the same key gives the same mask.
 *
 * Whole words are taken in random order as long as they fit, as the whole-word collator of transformers does it, but here
 * the share is of the real pieces instead of the padded length, and where no word fits the first is taken, up to `most`.
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

/** Positions that are drawn together. */
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

/** Draws units in random order while they fit into `count` positions; at least one unit, or its first `most` positions. */
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
      `Text cannot be masked with probability ${probability}; give a share of its pieces, in (0, 1], such as 0.15.`,
    );
  }
  if (!(most >= 1)) {
    throw new RangeError(
      `Text cannot be masked in ${most} positions at most; give mostMasked(length, probability), or nothing.`,
    );
  }
}
