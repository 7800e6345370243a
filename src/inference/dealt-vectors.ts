/** Vectors of samples that the processes of a run compute together, each of a range of them. */
import type { Communicator } from "../backend/communicator.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { dealt } from "../parallel/agreement.js";

/** A sample with its vectors by name. */
export interface SampleVectors<S> {
  readonly sample: S;
  readonly vectors: Readonly<Record<string, Float32Array>>;
}

/**
 * Deals samples to processes. All get the vectors of all samples, in order and bit for bit.
 *
 * @param skipped collects the samples that any process has left out
 * @param compute the vectors of some samples, without those that are left out
 */
export async function dealtVectors<S>(
  processes: Communicator,
  samples: readonly S[],
  skipped: SkippedSamples,
  compute: (own: readonly S[], skipped: SkippedSamples) => Promise<readonly SampleVectors<S>[]>,
): Promise<SampleVectors<S>[]> {
  const { size } = processes;
  const border = (rank: number): number => Math.round((rank * samples.length) / size);
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  const made = await dealt(processes, ranks, async (rank) => {
    const own = samples.slice(border(rank), border(rank + 1));
    const places = new Map(own.map((sample, index) => [sample, border(rank) + index]));
    const leftOut = new SkippedSamples();
    const rows = (await compute(own, leftOut)).map(({ sample, vectors }) => {
      const encoded = Object.entries(vectors).map(([name, vector]) => [name, encode(vector)]);
      return [places.get(sample)!, encoded as [string, string][]] as const;
    });
    return { rows, counts: [...leftOut.counts], first: leftOut.first };
  });
  for (const { counts, first } of made) skipped.addAll({ counts: new Map(counts), first });
  return made.flatMap(({ rows }) =>
    rows.map(([place, encoded]) => ({
      sample: samples[place]!,
      vectors: Object.fromEntries(encoded.map(([name, text]) => [name, decode(text)])),
    })),
  );
}

// All bits, which numbers in JSON would not keep: not those of NaN or -0.
const encode = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");

function decode(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  const vector = new Float32Array(bytes.length / 4);
  new Uint8Array(vector.buffer).set(bytes);
  return vector;
}
