import { describe, expect, it } from "vitest";
import { foldIn, keyOf } from "../../base/random.js";
import { type Values, checkValues } from "../../backend/values.js";
import { leavesOf } from "../../base/tree.js";
import type { TensorSpec } from "../../graph/tensor.js";
import type { Batch } from "./batch.js";
import { BatchViews } from "./batch-views.js";
import { batchSpecs } from "./batch-specs.js";
import {
  type BatchOptions,
  type CollatedBatch,
  type Picked,
  collate,
  largestSizes,
} from "./collate.js";
import { mostMasked } from "./mask-text.js";
import { defaultProcessor } from "../image/processor.js";
import { openTokenizer } from "../text/tokenizer.js";

const tokenizer = await openTokenizer();
const processor = {
  ...defaultProcessor(32, 16),
  mask: { patches: 4, total: 6, minGroup: 2, minAspect: 0.3 },
};
const options: BatchOptions = {
  processor,
  views: {},
  captions: { lengths: [8, 16], masked: 0.5, unit: "word" },
  texts: { lengths: [12], masked: 0.15, unit: "piece" },
};
const pixels = Uint8Array.from({ length: 20 * 20 * 3 }, (_, index) => index % 256);
const short = "a red bicycle";
const long = "seven old sailors look at the harbour in a heavy storm";

function batchOf<K extends Batch["kind"]>(
  kind: K,
  texts: readonly string[],
  changes: Partial<BatchOptions> = {},
): Extract<CollatedBatch, { kind: K }> {
  const picked = texts.map((text, index): Picked => {
    return { text, matches: index !== 1, key: foldIn(keyOf(5), index) };
  });
  const views = new BatchViews(picked.length, options);
  for (const [row, { key }] of picked.entries()) {
    views.write(row, { width: 20, height: 20, pixels }, key);
  }
  return collate(kind, picked, views, tokenizer, { ...options, ...changes }) as Extract<
    CollatedBatch,
    { kind: K }
  >;
}

/** Without the padding at the end. */
function filled(positions: Values): number[] {
  const found = Array.from(positions).filter((position) => position >= 0);
  expect(Array.from(positions.subarray(0, found.length))).toEqual(found);
  return found;
}

describe("collate", () => {
  it.each(["image", "text", "pair"] as const)(
    "reports the shapes of a batch of kind %s",
    (kind) => {
      const batch = batchOf(kind, [short, long]);
      const { kind: _, sizes, ...tensors } = batch;
      const { kind: specKind, ...specs } = batchSpecs(sizes);
      expect(specKind).toBe(kind);
      const values = new Map(leavesOf<Values>(tensors));
      expect([...values.keys()].sort()).toEqual(
        leavesOf(specs)
          .map(([name]) => name)
          .sort(),
      );
      for (const [name, tensor] of leavesOf<TensorSpec>(specs)) {
        expect(() => checkValues(name, tensor, values.get(name)!)).not.toThrow();
      }
      expect(largestSizes(kind, 2, options)).toEqual(sizes); // as the long text needs all tokens
    },
  );

  it("pads texts to the first length that fits all of them, and truncates at the last", () => {
    expect(batchOf("pair", [short, short]).ids).toHaveLength(2 * 8);
    expect(batchOf("pair", [short, long]).ids).toHaveLength(2 * 16);
    const { maskedIds, lengths } = batchOf("text", [short, `${long} ${long}`]);
    expect(maskedIds).toHaveLength(2 * 12);
    expect(Array.from(lengths)).toEqual([5, 12]);
    expect(Array.from(maskedIds.subarray(5, 12))).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(maskedIds[23]).toBe(tokenizer.vocabulary.special.separator);
  });

  it("lists the tokens to predict and leaves everything else unchanged", () => {
    const { ids, maskedIds, targets } = batchOf("pair", [short, long, long]);
    expect(targets.positions).toHaveLength(3 * mostMasked(16, 0.5));
    const positions = filled(targets.positions);
    expect(new Set(positions.map((position) => Math.floor(position / 16))).size).toBe(3);
    for (const [index, position] of positions.entries()) {
      expect(targets.labels[index]).toBe(ids[position]);
    }
    const restored = Int32Array.from(maskedIds);
    for (const [index, position] of positions.entries()) {
      restored[position] = targets.labels[index]!;
    }
    expect(restored).toEqual(ids);
    expect(maskedIds).toContain(tokenizer.vocabulary.special.mask);
  });

  it("lists the hidden patches, at most the mask's total per image", () => {
    const { hidden, positions, pixels: seen, codebookPixels } = batchOf("image", [short, "", ""]);
    expect(positions).toHaveLength(3 * 6);
    const found = filled(positions);
    const marked = Array.from(hidden).flatMap((isHidden, place) => (isHidden === 1 ? [place] : []));
    expect(found).toEqual(marked);
    for (const row of [0, 1, 2]) {
      const count = found.filter((place) => Math.floor(place / 16) === row).length;
      expect(count).toBeGreaterThanOrEqual(1);
      expect(count).toBeLessThanOrEqual(6);
    }
    expect(seen).toHaveLength(3 * 3 * 32 * 32);
    expect(codebookPixels).toHaveLength(3 * 3 * 16 * 16);
  });

  it("reports which pairs match, and masks other positions for other keys", () => {
    const { match, hidden } = batchOf("pair", [short, short, short]);
    expect(Array.from(match)).toEqual([1, 0, 1]);
    expect(hidden.subarray(0, 16)).not.toEqual(hidden.subarray(16, 32));
  });

  it("leaves images and texts unmasked on request", () => {
    const { ids, maskedIds, hidden } = batchOf("pair", [short, long], { hides: false });
    expect(maskedIds).toEqual(ids);
    expect(hidden).toEqual(new Float32Array(2 * 16));
  });

  it("refuses a batch of images without an image", () => {
    const picked = [{ text: "", matches: true, key: keyOf(0) }];
    expect(() => collate("image", picked, undefined, tokenizer, options)).toThrow(
      /image for every sample/,
    );
  });
});
