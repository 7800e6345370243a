import { counted, grouped } from "../base/counted.js";
import { formatDuration, formatRate } from "../base/duration.js";

/** One line of progress on standard error: rewritten in place on a terminal, a new line every ten seconds elsewhere. */
export class ProgressLine {
  #lastLine = 0;
  #isShown = false;

  constructor(
    readonly stream: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns"> = process.stderr,
  ) {}

  show(text: string): void {
    if (this.stream.isTTY) {
      // A line that wraps could not be rewritten.
      this.stream.write(`\r\x1b[K${text.slice(0, this.stream.columns - 1)}`);
      this.#isShown = true;
    } else if (Date.now() - this.#lastLine >= secondsBetweenLines * 1000) {
      this.stream.write(`${text}\n`);
      this.#lastLine = Date.now();
    }
  }

  /** Clears the line to make room for other output. */
  end(): void {
    if (this.#isShown) this.stream.write("\r\x1b[K");
    this.#isShown = false;
  }
}

const secondsBetweenLines = 10;

/**
 * Describes the progress of a job: "16 of 64 images, 3 s left", or "160 images, 40 per second" if the total is unknown.
 * The clock starts with the first call; work done before it, perhaps by an earlier run, does not count toward the rate.
 */
export function pace(noun: string, plural?: string): (done: number, total?: number) => string {
  let start: { readonly time: number; readonly done: number } | undefined;
  return (done, expected) => {
    const total = expected !== undefined && expected >= done ? expected : undefined;
    start ??= { time: performance.now(), done };
    const seconds = (performance.now() - start.time) / 1000;
    const rate = seconds > 0 ? (done - start.done) / seconds : 0;
    const count =
      total === undefined
        ? counted(done, noun, plural)
        : `${grouped(done)} of ${counted(total, noun, plural)}`;
    if (rate <= 0) return count;
    return total === undefined
      ? `${count}, ${formatRate(rate)} per second`
      : `${count}, ${formatDuration((total - done) / rate)} left`;
  };
}
