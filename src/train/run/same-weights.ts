import type { Communicator } from "../../backend/communicator.js";
import type { State } from "../../backend/state.js";

/**
 * Compares the weights of all processes, which must not differ in a single bit.
 * @throws Error on all processes that names those that differ
 */
export async function requireSameWeights(
  processes: Communicator | undefined,
  state: State,
  step: number,
): Promise<void> {
  if (!processes) return;
  const all = await processes.gather(0, Float64Array.of(await checksum(state)));
  const differing = [...all.keys()].filter((rank) => all[rank]![0] !== all[0]![0]);
  if (differing.length === 0) return;
  const names = differing.map((rank) => `${rank} on ${processes.hosts[rank]}`);
  throw new Error(
    `After step ${step} the weights of process ${names.join(", ")} differ from those of process 0 on ${processes.hosts[0]}. This ` +
      "must never happen: suspect a defective machine. The last checkpoint is intact.",
  );
}

/** Of all bits of the weights that all processes have. What is divided differs, and other moments soon make other weights. */
async function checksum(state: State): Promise<number> {
  let sum = 0;
  for (const path of state.paths) {
    if (!path.startsWith("parameters/") || state.ranges.has(path)) continue;
    const { buffer, byteOffset, byteLength } = await state.read(path);
    for (const word of new Uint32Array(buffer, byteOffset, byteLength / 4)) {
      sum = (Math.imul(sum, 31) + word) | 0;
    }
  }
  return sum;
}
