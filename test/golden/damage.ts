/** Damage to files, for fuzzing. */
import { writeFile } from "node:fs/promises";
import * as fc from "fast-check";
import { expect } from "vitest";
import { CheckpointError, type TensorFiles } from "../../src/checkpoint/files/stored-tensor.js";

/** A damaged copy of `original`: cut, with flipped bits, with a piece elsewhere, or with large numbers written over it. */
export function damaged(original: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.nat(original.length - 1);
  const flip = fc.array(fc.tuple(place, fc.nat(7)), { minLength: 1, maxLength: 8 });
  return fc.oneof(
    place.map((length) => original.subarray(0, length)),
    flip.map((flips) => {
      const copy = Buffer.from(original);
      for (const [at, bit] of flips) copy[at]! ^= 1 << bit;
      return copy;
    }),
    fc.tuple(place, place, place).map((cuts) => {
      const [a = 0, b = 0, c = 0] = cuts.toSorted((x, y) => x - y);
      const pieces = [
        [0, a],
        [b, c],
        [a, b],
        [c, original.length],
      ];
      return Buffer.concat(pieces.map(([from, to]) => original.subarray(from, to)));
    }),
    fc.tuple(place, fc.constantFrom(1, 2, 4, 8)).map(([at, length]) => {
      const copy = Buffer.from(original);
      return copy.fill(0xff, at, Math.min(at + length, copy.length));
    }),
  );
}

/** Writes bytes to `path`, opens them and reads every tensor: this succeeds or throws a `CheckpointError`. */
export async function expectReadOrRefused(
  path: string,
  bytes: Buffer,
  openFiles: (path: string) => Promise<TensorFiles>,
): Promise<void> {
  await writeFile(path, bytes);
  try {
    const files = await openFiles(path);
    for (const tensor of files.tensors.values()) {
      expect(tensor.bytes).toBeLessThanOrEqual(bytes.length);
      await tensor.read(new Uint8Array(tensor.bytes)).catch(expectRefusal);
    }
    await files.close();
  } catch (error) {
    expectRefusal(error);
  }
}

function expectRefusal(error: unknown): void {
  if (!(error instanceof CheckpointError)) throw error;
  expect(error.message.length).toBeLessThan(600);
}
