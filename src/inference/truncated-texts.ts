/** Counts texts of which a model reads only the first tokens, so that one line can report them all. */
export class TruncatedTexts {
  #count = 0;
  #first = "";
  #tokens = 0;

  /** @param tokens of `text` that are read */
  add(text: string, tokens: number): void {
    if (this.#count === 0) this.#first = text;
    this.#count++;
    this.#tokens = tokens;
  }

  /** A line on what was added since the last call; undefined where nothing was. */
  takeSummary(): string | undefined {
    const count = this.#count;
    if (count === 0) return undefined;
    this.#count = 0;
    const start = `${JSON.stringify(this.#first.slice(0, 60))} ...`;
    return count === 1
      ? `Only the first ${this.#tokens} tokens of a text are read: ${start}`
      : `Only the first ${this.#tokens} tokens of ${count.toLocaleString("en-US")} texts are read; the first of them: ${start}`;
  }
}
