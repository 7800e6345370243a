/** How many inputs of various lengths become runs of programs that each have one shape. */

/** Inputs that go through one run of a program together. */
export interface Portion {
  /** Which inputs, by their index; at most `batch`. */
  readonly rows: readonly number[];
  /** Samples that the program takes; those beyond `rows` are filling. */
  readonly batch: number;
  /** Tokens that the program takes of each sample. */
  readonly length: number;
}

/** The shortest length that programs are compiled for. */
const shortest = 8;

/**
 * Divides inputs of the given `lengths` (tokens) into portions: like lengths go together, rounded up to 8, 16, 32, ... at
 * most `longest`; portions are full, at most `batch`, but for the last of a length, which is rounded up to a power of two.
 * So there are few shapes, and less than half of any batch, and of any text, is filling.
 */
export function portionsOf(
  lengths: readonly number[],
  { batch, longest }: { readonly batch: number; readonly longest: number },
): Portion[] {
  const byLength = new Map<number, number[]>();
  for (const [row, length] of lengths.entries()) {
    const rounded = Math.min(Math.max(powerOfTwo(length), shortest), longest);
    const alike = byLength.get(rounded);
    if (alike) alike.push(row);
    else byLength.set(rounded, [row]);
  }
  return [...byLength].flatMap(([length, alike]) =>
    Array.from({ length: Math.ceil(alike.length / batch) }, (_, index) => {
      const rows = alike.slice(index * batch, (index + 1) * batch);
      return { rows, batch: Math.min(powerOfTwo(rows.length), batch), length };
    }),
  );
}

/** The least power of two that is not less than `count`. */
function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}
