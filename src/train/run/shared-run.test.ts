import { describe, expect, it } from "vitest";
import { communicators } from "../../../test/processes.js";
import { recipes } from "../../configs/recipes.js";
import { checkRecipe } from "../../configs/recipe.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import { shardsOf, skippedByAll, withShards } from "./shared-run.js";

const recipe = checkRecipe(recipes.quickstart, "quickstart");
const contrastive = recipe.stages[2]!; // batches of 96 pairs
const process = (size: number, rank = 0): ReturnType<typeof communicators>[number] =>
  communicators(size)[rank]!;

describe("the shards of a run", () => {
  it("are as many as the processes that start it, and stay as many", () => {
    expect(withShards(recipe, undefined, undefined).shards).toBeUndefined();
    expect(withShards(recipe, undefined, process(4)).shards).toBe(4);
    expect(withShards(recipe, 4, process(2)).shards).toBe(4);
    expect(withShards({ ...recipe, shards: 8 }, 4, process(2)).shards).toBe(8);
  });

  it("are divided among processes", () => {
    expect(shardsOf({ shards: 4 }, process(2, 1))).toEqual({ count: 4, first: 2, end: 4 });
    expect(shardsOf({}, undefined)).toEqual({ count: 1, first: 0, end: 1 });
  });

  it("are refused if sums would differ, or batches do not divide, saying what is possible", () => {
    const shared = (shards: number, size: number) => (): unknown =>
      withShards({ ...recipe, stages: [contrastive], shards }, undefined, process(size));
    expect(shared(12, 3)).not.toThrow();
    expect(shared(12, 2)).toThrow(/12 shards, which 2 processes .* start 1, 3, 6, 12 of them/);
    expect(shared(5, 1)).toThrow(/stages\.contrastive\.batch\.pair: 96 samples .* 5 shards/);
  });
});

it("samples that any process has left out are counted by all", async () => {
  const all = await Promise.all(
    communicators(2).map((processes) => {
      const skipped = new SkippedSamples();
      if (processes.rank === 1) skipped.add({ key: "key" }, "damaged", "cut off");
      return skippedByAll(processes, skipped);
    }),
  );
  expect(all.map(({ total }) => total)).toEqual([1, 1]);
});
