import { mkdtemp, rm, writeFile } from "node:fs/promises";
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

it("names an image of a table that cannot be decoded by its line", async () => {
  const root = await mkdtemp(join(tmpdir(), "flava-reader-"));
  const create = { width: 32, height: 32, channels: 3, background: "red" } as const;
  const image = await sharp({ create }).png().toBuffer();
  await writeFile(join(root, "whole.png"), image);
  await writeFile(join(root, "cut.png"), image.subarray(0, 60));
  const rows = ["image,text", "whole.png,one", "", "cut.png,two"];
  await writeFile(join(root, "table.csv"), rows.join("\n"));
  const texts = { lengths: [8], masked: 0.15, unit: "piece" } as const;
  const { directory } = await openSampleSet(join(root, "table.csv"), "table");
  const reader = await BatchReader.open({
    indexes: { pair: [], image: [directory], text: [] },
    vocabulary: await openVocabulary(),
    batch: { processor: defaultProcessor(32, 32), views: {}, captions: texts, texts },
  });
  const samples = [{ set: 0, record: 1, epoch: 0 }];
  const { skipped } = await reader.read({ kind: "image", key: keyOf(1), step: 0, samples });
  await reader.close();
  await rm(root, { recursive: true });
  expect(skipped.summary(1)).toMatch(
    /^1 of 2 samples was left out: 1 is damaged \(first: table\.csv, line 4: The header /,
  );
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
