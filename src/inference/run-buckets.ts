import type { Values } from "../backend/values.js";
import type { CallOptions } from "../base/call-options.js";
import type { Bucket } from "./buckets.js";

/**
 * Runs a program for each bucket in turn, packing the inputs of a bucket while the previous one is computed.
 *
 * @param start packs the bucket's inputs and starts its program, whose `result` is [batch, ...]
 * @returns the results [...] of all inputs, in order
 */
export async function runBuckets(
  buckets: readonly Bucket[],
  start: (bucket: Bucket) => Promise<{ readonly result: Values }>,
  { signal, onProgress }: CallOptions,
): Promise<Float32Array[]> {
  const results: Float32Array[] = [];
  const inputs = buckets.reduce((sum, { rows }) => sum + rows.length, 0);
  let done = 0;
  let running = Promise.resolve();
  try {
    for (const bucket of buckets) {
      signal?.throwIfAborted();
      const previous = running;
      running = start(bucket).then(({ result }) => {
        const size = result.length / bucket.batch;
        for (const [index, row] of bucket.rows.entries()) {
          results[row] = Float32Array.from(result.subarray(index * size, (index + 1) * size));
        }
        onProgress?.((done += bucket.rows.length), inputs);
      });
      await previous;
    }
    await running;
    return results;
  } finally {
    await Promise.allSettled([running]); // no work continues after this call has ended
  }
}
