/** One line on standard error that tells how far a job is: rewritten on a terminal, else a new one now and then. */
export class ProgressLine {
  #lastLine = 0;
  #isShown = false;

  constructor(readonly stream: Pick<NodeJS.WriteStream, "write" | "isTTY"> = process.stderr) {}

  show(text: string): void {
    if (this.stream.isTTY) {
      this.stream.write(`\r\x1b[K${text}`);
      this.#isShown = true;
    } else if (Date.now() - this.#lastLine >= secondsBetweenLines * 1000) {
      this.stream.write(`${text}\n`);
      this.#lastLine = Date.now();
    }
  }

  /** Makes room for other lines. */
  end(): void {
    if (this.#isShown) this.stream.write("\r\x1b[K");
    this.#isShown = false;
  }
}

const secondsBetweenLines = 10;
