/** Random choices of one drawing, the same on every machine. */
import { type Key, foldIn, keyOf, uniformAt } from "flava/data";

/** A sequence of random numbers that follows from a name alone. */
export class Random {
  readonly #key: Key;
  #drawn = 0;

  constructor(name: string) {
    this.#key = foldIn(keyOf(0), name);
  }

  /** A number between two others. */
  between(low: number, high: number): number {
    return low + (high - low) * uniformAt(this.#key, this.#drawn++);
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.between(0, bound));
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** A color whose lightness, in percent, is between two others, as SVG has it. */
  color(darkest: number, lightest: number): string {
    const [hue, saturation] = [this.below(360), 30 + this.below(70)];
    return `hsl(${hue},${saturation}%,${Math.round(this.between(darkest, lightest))}%)`;
  }
}
