/**
 * Trains a vocabulary of word pieces: characters first, then the most frequent pair of adjacent pieces joined, again and
 * again. Pairs are chosen by their counts, as Hugging Face's WordPieceTrainer does, not by a likelihood.
 */
import { MaxHeap } from "../../base/max-heap.js";
import { uncased } from "./normalize.js";
import { continuationPrefix, specialPieces } from "./vocabulary.js";
import { longestWord, wordsOf } from "./words.js";

/** Pairs that are rarer are not joined. */
const leastPairs = 2;

/** How often each word occurs in texts, normalized as BERT's uncased tokenizer does. */
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
  /** BERT's five special pieces, the characters, then the joined pieces in the order in which they were found. */
  readonly pieces: readonly string[];
  /** Occurrences of words with a character that is too rare for the vocabulary, or of more than 100 characters: [UNK]. */
  readonly unknown: number;
}

/**
 * Trains a vocabulary of at most `size` pieces; fewer where no more pairs occur twice. At most half of them are single
 * characters, the most frequent ones. The result does not depend on the order of the texts.
 * @throws RangeError where `size` leaves no room for pieces
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

/** The characters of a word, "##" before all but the first. */
function charactersOf(word: string): string[] {
  return Array.from(word, (character, index) =>
    index === 0 ? character : `${continuationPrefix}${character}`,
  );
}

/** The most frequent characters, in the order of their code points. */
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

/** Words cut into pieces, and how often each pair of adjacent pieces occurs. */
class Pieces {
  readonly #ids: Map<string, number>;
  readonly #words: Word[] = [];
  readonly #counts = new Map<Pair, number>();
  /** Numbers of the words that have or had a pair. */
  readonly #places = new Map<Pair, number[]>();
  /** The most frequent pair first, the older pieces first among equals. Old counts stay queued. */
  readonly #queue = new MaxHeap<Candidate>((a, b) => a.count - b.count || b.pair - a.pair);

  constructor(readonly names: string[]) {
    this.#ids = new Map(names.map((name, id) => [name, id]));
  }

  /** False, and the word is left out, where it has an unknown character or is too long to be encoded. */
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
      if (!before.includes(pair)) continue; // a piece of it was joined with another one since
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

  /** Adds to the occurrences of a pair, in word number `place` where it is new there. */
  #count(pair: Pair, occurrences: number, place?: number): void {
    const count = (this.#counts.get(pair) ?? 0) + occurrences;
    if (count === 0) this.#counts.delete(pair);
    else this.#counts.set(pair, count);
    if (place === undefined) return;
    const places = this.#places.get(pair);
    if (places) places.push(place);
    else this.#places.set(pair, [place]);
  }

  /** The same piece may have been joined from other pieces before. */
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

/** With `joined` in place of each occurrence of `pair`. */
function withJoined(ids: readonly number[], pair: Pair, joined: number): number[] {
  const result: number[] = [];
  for (let place = 0; place < ids.length; place++) {
    const isPair = place + 1 < ids.length && pairOf(ids[place]!, ids[place + 1]!) === pair;
    result.push(isPair ? joined : ids[place]!);
    if (isPair) place++;
  }
  return result;
}
