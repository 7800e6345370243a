/** Sums of gradients over all processes, which are exchanged while the backward pass goes on. */
import { cast } from "../../graph/ops/cast.js";
import { allReduce } from "../../graph/ops/collective.js";
import type { Tensor } from "../../graph/tensor.js";
import type { World } from "../../graph/world.js";
import { type Division, exchangedByPath } from "../../optim/division.js";
import type { SumDtype } from "./tree-sum.js";

/**
 * Bytes of gradients that are exchanged at a time: enough that messages are not too many, few enough that the first leave
 * early and the last ones, for which all wait, are few.
 */
export const bucketBytes = 2 ** 23;
/** Bytes of them that a process receives at a time, unless one bucket alone has more: `maxBufferedBytes` of the communicator. */
export const roomForReceived = 2 ** 26;
const firstChannel = 8;

/**
 * @param gradients by path, float32 each
 * @param dtype what they are sent in
 * @param divided gives each process what it needs of the sums; default: all of them
 */
export function reducedGradients(
  gradients: ReadonlyMap<string, Tensor>,
  world: World,
  dtype: SumDtype,
  divided: Division | undefined,
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
    const sent = new Map(bucket.map(([path, gradient]) => [path, cast(gradient, dtype)]));
    const channel = firstChannel + index;
    const sums =
      divided?.reduced(sent, channel) ??
      exchangedByPath(sent, (tensors) => allReduce(tensors, world, channel));
    return sums.map(([path, sum]) => [path, cast(sum, "float32")] as const);
  });
  // In the order of a single process, in which the norm adds them up.
  const sums = new Map(reduced);
  return new Map([...gradients.keys()].map((path) => [path, sums.get(path)!]));
}
