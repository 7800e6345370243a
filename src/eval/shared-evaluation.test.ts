/** Evaluation by several processes, of which one has other data than the others. */
import sharp from "sharp";
import { expect, it } from "vitest";
import { communicators } from "../../test/processes.js";
import { smallFlava } from "../../test/small-flava.js";
import { referenceBackend } from "../backend/reference.js";
import type { Sample } from "../data/sample.js";
import { evaluate } from "./evaluate.js";
import type { TextSetKind } from "./evaluation-set.js";

const image = async (background: string): Promise<Buffer> =>
  sharp({ create: { width: 40, height: 30, channels: 3, background } })
    .png()
    .toBuffer();
const [red, blue] = await Promise.all([image("red"), image("blue")]);
const sample = (key: string, text: string, of: Buffer): Sample => ({
  ...{ key, texts: [text], image: of, fields: {} },
});
const samples = [sample("0", "a b", red), sample("1", "c d", blue), sample("2", "x", red)];

/** Evaluates the samples that each of two processes has. */
const evaluated = (kind: TextSetKind, ...each: readonly (readonly Sample[])[]) =>
  Promise.allSettled(
    communicators(2).map(async (processes, rank) => {
      // eslint-disable-next-line @typescript-eslint/require-await -- they are at hand
      const read = async function* (): AsyncGenerator<Sample> {
        yield* each[rank]!;
      };
      const source = { name: "samples", read, count: () => Promise.resolve(each[rank]!.length) };
      const flava = await smallFlava(referenceBackend({ processes }));
      return evaluate({ kind, name: "samples", source }, flava);
    }),
  );

it.each(["retrieval", "matching"] as const)("%s is refused on data that differ", async (kind) => {
  const other = [...samples.slice(0, 2), sample("2", "x", blue)];
  for (const wrong of [other, samples.slice(0, 2)])
    for (const end of await evaluated(kind, samples, wrong))
      expect(String((end as PromiseRejectedResult).reason)).toMatch(
        /Process 1 on here differs from process 0 on here in: data\b/,
      );
  for (const { status } of await evaluated(kind, samples, samples))
    expect(status).toBe("fulfilled");
});
