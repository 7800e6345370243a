/** Bucketing: inputs of various lengths grouped into batches of few shapes, one compiled program for each. */

/** Inputs that run together. */
export interface Bucket {
  /** Indices of the inputs; at most `batch`. */
  readonly rows: readonly number[];
  /** Batch size of the program; samples beyond `rows` are padding. */
  readonly batch: number;
  /** Sequence length of the program, in tokens. */
  readonly length: number;
}

/** The shortest sequence length that programs are compiled for. */
const shortest = 8;

/** The length that a sequence of `length` tokens is filled up to: 8, 16, 32, ... up to `longest`. */
export const bucketLength = (length: number, longest: number): number =>
  Math.min(Math.max(nextPowerOfTwo(length), shortest), longest);

/**
 * Groups inputs by length, rounded up to 8, 16, 32, ... up to `longest`. Buckets are full, except for the last one of each
 * length, whose batch size is rounded up to a power of two. So there are few shapes, and less than half of any batch, and
 * of any sequence longer than 8 tokens, is padding.
 *
 * @param lengths of the inputs, in tokens
 * @param options.batch largest batch size
 * @param options.longest the model's longest sequence
 */
export function bucketsOf(
  lengths: readonly number[],
  { batch, longest }: { readonly batch: number; readonly longest: number },
): Bucket[] {
  const byLength = new Map<number, number[]>();
  for (const [row, length] of lengths.entries()) {
    const rounded = bucketLength(length, longest);
    const sameLength = byLength.get(rounded);
    if (sameLength) sameLength.push(row);
    else byLength.set(rounded, [row]);
  }
  return [...byLength].flatMap(([length, sameLength]) =>
    Array.from({ length: Math.ceil(sameLength.length / batch) }, (_, index) => {
      const rows = sameLength.slice(index * batch, (index + 1) * batch);
      return { rows, batch: Math.min(nextPowerOfTwo(rows.length), batch), length };
    }),
  );
}

/** The smallest power of two >= `count`. */
function nextPowerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}
