import { expect, it } from "vitest";
import { type Provenance, differences, judgesAlike } from "./provenance.js";

const run: Provenance = {
  version: "1.0.0",
  level: "avx2",
  recipe: { name: "mine", stages: [{ name: "joint" }] },
  stage: "joint",
  vocabulary: "a",
  samples: { icons: 3, photos: 5 },
  digests: { icons: "b", photos: "c" },
  start: {},
};

it("a data set with other samples is another one, even if they are as many", () => {
  expect(differences(run, run)).toEqual([]);
  expect(differences(run, { ...run, digests: { icons: "b", photos: "d" } })).toEqual([
    { path: "samples.photos", before: "5 with SHA-256 c", now: "5 with SHA-256 d" },
  ]);
  const more = { samples: { icons: 3, photos: 6 }, digests: { icons: "b", photos: "d" } };
  expect(differences(run, { ...run, ...more })).toEqual([
    { path: "samples.photos", before: 5, now: 6 },
  ]);
  const { digests: _, ...earlier } = run; // as versions without them wrote it
  expect(differences(earlier, { ...run, digests: { icons: "x", photos: "y" } })).toEqual([]);
});

it("models that are evaluated in another way are not compared", () => {
  const withData = (data: Record<string, unknown>): Provenance => ({
    ...run,
    recipe: { ...run.recipe, data },
  });
  expect(judgesAlike(run, withData({ pairs: ["photos"], root: "elsewhere" }))).toBe(true);
  expect(judgesAlike(run, withData({ validation: { pairs: ["photos"] } }))).toBe(false);
});
