/**
 * Trains a vocabulary of word pieces: starting from characters, repeatedly merges the most frequent pair of adjacent
 * pieces. Pairs are chosen by count, as in Hugging Face's WordPieceTrainer, not by likelihood.
 */
import { MaxHeap } from "../../base/max-heap.js";
import { uncased } from "./normalize.js";
import { continuationPrefix, specialPieces } from "./vocabulary.js";
import { longestWord, wordsOf } from "./words.js";

/** Minimum count of a pair to be merged. */
const leastPairs = 2;

/** Counts the words in texts, normalized as in BERT's uncased tokenizer. */
export class WordCounts {
  readonly counts = new Map<string, number>();
  total = 0;

  add(text: string): void {
    for (const line of text.split("\n")) {
      for (const word of wordsOf(line, uncased)) {
        this.counts.set(word, (this.counts.get(word) ?? 0) + 1);
        this.total++;
      }
    }
  }
}

export interface TrainedVocabulary {
  /** BERT's five special pieces, the characters, then the joined pieces in order of discovery. */
  readonly pieces: readonly string[];
  /** Occurrences of words that become [UNK]: with a character too rare for the vocabulary, or over 100 characters. */
  readonly unknown: number;
}

/**
 * Trains a vocabulary of at most `size` pieces; fewer if no more pairs occur twice. At most half are single characters,
 * the most frequent ones. The result does not depend on the order of the texts.
 * @throws RangeError if `size` leaves no room for pieces
 */
export function trainVocabulary({ counts }: WordCounts, size: number): TrainedVocabulary {
  const special = Object.values(specialPieces);
  const characters = Math.floor((size - special.length) / 2);
  if (!(characters >= 1)) {
    throw new RangeError(
      `Expected a vocabulary of at least ${special.length + 2} pieces, not ${size}: ${special.length} are special.`,
    );
  }
  const alphabet = alphabetOf(counts, characters);
  const pieces = new Pieces([...special, ...alphabet]);
  let unknown = 0;
  for (const [word, count] of counts) {
    if (!pieces.addWord(charactersOf(word), count)) unknown += count;
  }
  pieces.joinUpTo(size);
  return { pieces: pieces.names, unknown };
}

/** The characters of a word, with "##" before all but the first. */
function charactersOf(word: string): string[] {
  return Array.from(word, (character, index) =>
    index === 0 ? character : `${continuationPrefix}${character}`,
  );
}

/** The most frequent characters, in code point order. */
function alphabetOf(words: ReadonlyMap<string, number>, most: number): string[] {
  const counts = new Map<string, number>();
  for (const [word, count] of words) {
    for (const character of charactersOf(word)) {
      counts.set(character, (counts.get(character) ?? 0) + count);
    }
  }
  const frequent = [...counts].sort(([a, m], [b, n]) => n - m || byCodeUnits(a, b)).slice(0, most);
  return frequent.map(([character]) => character).sort(byCodeUnits);
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

interface Word {
  /** Ids of its pieces. */
  ids: number[];
  readonly count: number;
}

/** Two adjacent pieces, as one number. */
type Pair = number;
const firstOf = (pair: Pair): number => Math.floor(pair / idLimit);
const secondOf = (pair: Pair): number => pair % idLimit;
const pairOf = (first: number, second: number): Pair => first * idLimit + second;
const idLimit = 2 ** 24;

interface Candidate {
  readonly pair: Pair;
  /** Occurrences when it was queued. */
  readonly count: number;
}

/** Words split into pieces, with the counts of adjacent pairs. */
class Pieces {
  readonly #ids: Map<string, number>;
  readonly #words: Word[] = [];
  readonly #counts = new Map<Pair, number>();
  /** Indices of the words that contain or contained each pair. */
  readonly #places = new Map<Pair, number[]>();
  /** The most frequent pair first; ties go to older pieces. Outdated counts stay queued. */
  readonly #queue = new MaxHeap<Candidate>((a, b) => a.count - b.count || b.pair - a.pair);

  constructor(readonly names: string[]) {
    this.#ids = new Map(names.map((name, id) => [name, id]));
  }

  /** Adds a word; returns false if it has an unknown character or is too long to be encoded. */
  addWord(characters: readonly string[], count: number): boolean {
    const ids = characters.flatMap((character) => this.#ids.get(character) ?? []);
    if (ids.length < characters.length || ids.length > longestWord) return false;
    const number = this.#words.push({ ids, count }) - 1;
    for (const pair of pairsOf(ids)) this.#count(pair, count, number);
    return true;
  }

  joinUpTo(size: number): void {
    for (const [pair, count] of this.#counts) this.#queue.push({ pair, count });
    while (this.names.length < size) {
      const pair = this.#mostFrequent();
      if (pair === undefined) return;
      this.#join(pair);
    }
  }

  #mostFrequent(): Pair | undefined {
    for (;;) {
      const candidate = this.#queue.pop();
      if (!candidate) return undefined;
      const { pair } = candidate;
      const count = this.#counts.get(pair) ?? 0;
      if (count === candidate.count && count >= leastPairs) return pair;
      if (count < candidate.count && count >= leastPairs) this.#queue.push({ pair, count });
    }
  }

  #join(pair: Pair): void {
    const joined = this.#idOfJoined(pair);
    const grown = new Set<Pair>();
    for (const number of this.#places.get(pair) ?? []) {
      const word = this.#words[number]!;
      const before = pairsOf(word.ids);
      if (!before.includes(pair)) continue; // one of its pieces has since been joined with another
      word.ids = withJoined(word.ids, pair, joined);
      for (const each of before) this.#count(each, -word.count);
      for (const each of pairsOf(word.ids)) {
        const isNew = firstOf(each) === joined || secondOf(each) === joined;
        this.#count(each, word.count, isNew ? number : undefined);
        if (isNew) grown.add(each);
      }
    }
    this.#places.delete(pair);
    for (const each of grown) this.#queue.push({ pair: each, count: this.#counts.get(each) ?? 0 });
  }

  /** Adds to the count of a pair; `place` is the index of a word in which it is new. */
  #count(pair: Pair, occurrences: number, place?: number): void {
    const count = (this.#counts.get(pair) ?? 0) + occurrences;
    if (count === 0) this.#counts.delete(pair);
    else this.#counts.set(pair, count);
    if (place === undefined) return;
    const places = this.#places.get(pair);
    if (places) places.push(place);
    else this.#places.set(pair, [place]);
  }

  /** The id of a joined piece, which may already exist from another pair. */
  #idOfJoined(pair: Pair): number {
    const second = this.names[secondOf(pair)]!;
    const name = `${this.names[firstOf(pair)]}${second.slice(continuationPrefix.length)}`;
    const found = this.#ids.get(name);
    if (found !== undefined) return found;
    const id = this.names.push(name) - 1;
    this.#ids.set(name, id);
    return id;
  }
}

function pairsOf(ids: readonly number[]): Pair[] {
  return ids.slice(1).map((id, index) => pairOf(ids[index]!, id));
}

/** Replaces each occurrence of `pair` with `joined`. */
function withJoined(ids: readonly number[], pair: Pair, joined: number): number[] {
  const result: number[] = [];
  for (let place = 0; place < ids.length; place++) {
    const isPair = place + 1 < ids.length && pairOf(ids[place]!, ids[place + 1]!) === pair;
    result.push(isPair ? joined : ids[place]!);
    if (isPair) place++;
  }
  return result;
}
