/** Sums of gradients over all processes, which are exchanged while the backward pass goes on. */
import { type World, allReduce } from "../../graph/ops/collective.js";
import type { Tensor } from "../../graph/tensor.js";

/**
 * Bytes of gradients that are exchanged at a time: enough that messages are not too many, few enough that the first leave
 * early and the last ones, for which all wait, are few.
 */
export const bucketBytes = 2 ** 23;
const firstChannel = 8;

/** @param gradients by path, float32 each */
export function reducedGradients(
  gradients: ReadonlyMap<string, Tensor>,
  world: World,
): Map<string, Tensor> {
  if (world.size === 1) return new Map(gradients);
  // In the order in which they are complete. It is that of tracing, the same on all processes.
  const ordered = [...gradients].sort(([, a], [, b]) => a.node.id - b.node.id);
  const buckets: [string, Tensor][][] = [];
  let room = 0;
  for (const entry of ordered) {
    if (room <= 0) {
      buckets.push([]);
      room = bucketBytes;
    }
    buckets.at(-1)!.push(entry);
    room -= entry[1].bytes;
  }
  const reduced = buckets.flatMap((bucket, index) => {
    const tensors = bucket.map(([, gradient]) => gradient);
    const sums = allReduce(tensors, world, firstChannel + index);
    return bucket.map(([path], place) => [path, sums[place]!] as const);
  });
  return new Map(reduced);
}
