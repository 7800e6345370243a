import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { keyOf } from "../../base/random.js";
import { mapLimited } from "../../base/map-limited.js";
import { ShardWriter } from "../formats/tar/shard-writer.js";
import { defaultProcessor } from "../image/processor.js";
import { openVocabulary } from "../text/vocabulary.js";
import { BatchReader } from "./batch-reader.js";
import { openSampleSet } from "./sample-set.js";

it("decodes a few images at a time, not those of a whole batch", async () => {
  const root = await mkdtemp(join(tmpdir(), "flava-reader-"));
  const side = 1500;
  const create = { width: side, height: side, channels: 3, background: "red" } as const;
  const image = await sharp({ create }).png().toBuffer();
  const writer = new ShardWriter(root, { name: "large" });
  await writer.add({ key: "red", image, texts: ["red"], fields: {} });
  await writer.close();
  const texts = { lengths: [8], masked: 0.15, unit: "piece" } as const;
  const { directory } = await openSampleSet(root, "red");
  const reader = await BatchReader.open({
    indexes: { pair: [], image: [directory], text: [] },
    vocabulary: await openVocabulary(),
    batch: { processor: defaultProcessor(32, 32), views: {}, captions: texts, texts },
  });
  const before = process.memoryUsage().arrayBuffers;
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  }, 2);
  const samples = Array.from({ length: 100 }, () => ({ set: 0, record: 0, epoch: 0 }));
  const { batch } = await reader.read({ kind: "image", key: keyOf(1), step: 0, samples });
  clearInterval(timer);
  await reader.close();
  await rm(root, { recursive: true });
  expect(batch.sizes.samples).toBe(100);
  expect(peak - before).toBeGreaterThan(side * side * 3); // at least one was seen
  expect(peak - before).toBeLessThan(0.5 * 100 * side * side * 3);
});

it("maps in order, with limited concurrency", async () => {
  let underWay = 0;
  let most = 0;
  const doubled = await mapLimited([5, 1, 3, 2, 4], 2, async (item) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, item));
    underWay--;
    return 2 * item;
  });
  expect(doubled).toEqual([10, 2, 6, 4, 8]);
  expect(most).toBe(2);
  const failing = mapLimited([1, 2], 2, (item) => Promise.reject(new Error(String(item))));
  await expect(failing).rejects.toThrow("1");
});
