/** The pairs written by a build of the mini-PMD, with all their fields. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Sample, openSource } from "flava/data";
import type { Split } from "../families.js";
import { type PairSource, pairSources } from "../item.js";

const fieldsSchema = z.object({
  set: z.string(),
  family: z.string(),
  concept: z.string(),
  license: z.string(),
  author: z.string().optional(),
  category: z.string().optional(),
  style: z.string().optional(),
  color: z.string().optional(),
  tags: z.array(z.string()),
});

export type PairFields = z.infer<typeof fieldsSchema>;

/** A drawn image with its captions, the plainest first. */
export interface BuiltPair {
  readonly key: string;
  readonly source: PairSource;
  readonly image: Uint8Array;
  readonly texts: readonly string[];
  readonly fields: PairFields;
}

/** The pairs of one source and split in order; none if it was not built. */
export async function* builtPairs(
  cache: string,
  source: PairSource,
  split: Split,
): AsyncGenerator<BuiltPair> {
  for await (const { key, image, texts, fields } of builtSamples(
    join(cache, "pairs", source, split),
  )) {
    if (image === undefined || texts.length === 0) continue;
    yield { key, source, image, texts, fields: fieldsSchema.parse(fields) };
  }
}

/** The pairs of all sources of a split, source by source. */
export async function* allBuiltPairs(cache: string, split: Split): AsyncGenerator<BuiltPair> {
  for (const source of pairSources) yield* builtPairs(cache, source, split);
}

/** The samples in a folder of shards; none if the folder is missing or empty. */
export async function* builtSamples(folder: string): AsyncGenerator<Sample> {
  if (!existsSync(join(folder, "shards.json"))) return;
  for await (const sample of (await openSource(folder)).read()) yield sample;
}
