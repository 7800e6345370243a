/** Turns a plan into a batch: chooses texts, makes views, tokens and masks. */
import { mapLimited } from "../../base/map-limited.js";
import { type Key, below, foldIn, uniformAt } from "../../base/random.js";
import type { Image } from "../image/image.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { BatchViews } from "./batch-views.js";
import { type BatchOptions, type CollatedBatch, type Picked, collate } from "./collate.js";
import type { BatchKind, BatchPlan, RecordReference } from "./mixture.js";
import { mostAlike } from "./most-alike.js";

/** A record that was read. */
export interface ReadRecord {
  /** Captions of the image, simplest first, or the text itself. */
  readonly texts: readonly string[];
  readonly image?: Image | undefined;
}

/** Reads a record, and decodes its image if that is needed. */
export type RecordReader = (
  kind: BatchKind,
  reference: RecordReference,
  decodes: boolean,
) => Promise<ReadRecord>;

/** Samples read and decoded at a time: the most images in memory. */
const concurrentSamples = 8;

/** The batch of a plan; the same plan and records give the same batch everywhere. */
export async function readBatch(
  plan: BatchPlan,
  read: RecordReader,
  tokenizer: Tokenizer,
  options: BatchOptions,
): Promise<CollatedBatch> {
  const { firstCaptionProbability } = options;
  const { kind, first = 0 } = plan;
  const views = kind === "text" ? undefined : new BatchViews(plan.samples.length, options);
  const picked = await mapLimited(
    plan.samples,
    concurrentSamples,
    async ({ textOf, ...reference }, slot): Promise<Picked> => {
      const key = foldIn(plan.key, first + slot);
      const { texts, image } = await read(kind, reference, kind !== "text");
      if (image) views?.write(slot, image, key);
      const text = chosen(texts, foldIn(key, "text"), firstCaptionProbability);
      if (!textOf) return { key, text, matches: true };
      const others: string[] = [];
      for (const [place, reference] of textOf.entries()) {
        const other = await read("pair", reference, false);
        const drawn = place === 0 ? foldIn(key, "other text") : foldIn(key, `other text ${place}`);
        others.push(chosen(other.texts, drawn, firstCaptionProbability));
      }
      const otherText = mostAlike(text, others, texts);
      return { key, text: otherText ?? text, matches: otherText === undefined };
    },
  );
  return collate(kind, picked, views, tokenizer, options);
}

/** The first text with this probability; otherwise one of all texts, each equally likely. */
function chosen(texts: readonly string[], key: Key, firstCaptionProbability = 0): string {
  if (texts.length === 0) return "";
  return uniformAt(key, 1) < firstCaptionProbability ? texts[0]! : texts[below(key, texts.length)]!;
}
