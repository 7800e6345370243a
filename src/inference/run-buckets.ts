import type { Values } from "../backend/values.js";
import type { Bucket } from "./buckets.js";

/**
 * Runs a program for each bucket, one after another; inputs of a bucket are packed while the one before it is computed.
 *
 * @param start packs the bucket's inputs and starts its program, whose `result` is [batch, width]
 * @returns the results of all N inputs in their order: float32 [N, width]
 */
export async function runBuckets(
  buckets: readonly Bucket[],
  width: number,
  start: (bucket: Bucket) => Promise<{ readonly result: Values }>,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const count = buckets.reduce((sum, { rows }) => sum + rows.length, 0);
  const results = new Float32Array(count * width);
  let running = Promise.resolve();
  try {
    for (const bucket of buckets) {
      signal?.throwIfAborted();
      const previous = running;
      running = start(bucket).then(({ result }) => {
        for (const [index, row] of bucket.rows.entries()) {
          results.set(result.subarray(index * width, (index + 1) * width), row * width);
        }
      });
      await previous;
    }
    await running;
    return results;
  } finally {
    await Promise.allSettled([running]); // nothing of this call runs once it has ended
  }
}
