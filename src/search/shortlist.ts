/** The rows that can be among the nearest to a query, judging by similarities that are known within a margin. */

export interface Candidate {
  readonly row: number;
  readonly score: number;
}

/** Keeps every row whose exact score can be among the `top` highest. */
export class Shortlist {
  /** The highest approximate scores, highest first. */
  readonly #best: number[] = [];
  #rows: number[] = [];
  #scores: number[] = [];
  /** A row that scores less is not among the highest. */
  #floor = -Infinity;

  /**
   * @param top number of rows to find
   * @param margin how far an approximate score may be from the exact one
   */
  constructor(
    readonly top: number,
    readonly margin: number,
  ) {}

  /**
   * Adds the approximate scores of consecutive rows from `first` on.
   * @param allowed by row, whether it may be found; default: all
   */
  offer(scores: Float32Array, first: number, allowed?: Uint8Array): void {
    let floor = this.#floor;
    for (let index = 0; index < scores.length; index++) {
      const score = scores[index]!;
      if (!(score >= floor) || allowed?.[first + index] === 0) continue;
      this.#rows.push(first + index);
      this.#scores.push(score);
      this.#rank(score);
      floor = this.#floor;
    }
    if (this.#rows.length > 4 * (this.top + 1000)) this.#prune();
  }

  /** The rows that remain, highest approximate score first. */
  candidates(): Candidate[] {
    this.#prune();
    return this.#rows
      .map((row, index) => ({ row, score: this.#scores[index]! }))
      .sort((a, b) => b.score - a.score || a.row - b.row);
  }

  #rank(score: number): void {
    const best = this.#best;
    if (best.length === this.top && score <= best[this.top - 1]!) return;
    let [low, high] = [0, best.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (best[middle]! >= score) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, score);
    if (best.length > this.top) best.pop();
    if (best.length === this.top) this.#floor = best[this.top - 1]! - 2 * this.margin;
  }

  #prune(): void {
    const kept = [...this.#rows.keys()].filter((index) => this.#scores[index]! >= this.#floor);
    this.#rows = kept.map((index) => this.#rows[index]!);
    this.#scores = kept.map((index) => this.#scores[index]!);
  }
}
