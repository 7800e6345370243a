import { expect, it } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { smallFlava } from "../../test/small-flava.js";
import { embedQueries } from "./query.js";
import { rerank } from "./rerank.js";

const { embedder } = await smallFlava();
const image = { width: 4, height: 4, pixels: new Uint8Array(48).fill(90) };

it("a query is the weighted sum of its parts, at length 1", async () => {
  const [text, unwanted, other] = await embedQueries(embedder, [
    { text: "a" },
    { text: "b" },
    { text: "c" },
  ]);
  const [vector] = await embedQueries(embedder, [{ image }]);
  expect(vector).toEqual(await embedder.images([image]));
  const sum = vector!.map(
    (x, i) => 0.75 * x + 0.25 * text![i]! - 0.25 * unwanted![i]! - 0.25 * other![i]!,
  );
  const expected = sum.map((x) => x / Math.hypot(...sum));
  const parts = { text: "a", without: ["b", "c"], imageWeight: 0.75 };
  const [found] = await embedQueries(embedder, [{ ...parts, image }]);
  expect([...found!]).toEqual(closeTo([...expected], 5));
  await expect(embedQueries(embedder, [{ without: ["b"] }])).rejects.toThrow("a text or an image");
  for (const blank of [{ text: " " }, { text: "a", without: ["b", ""] }])
    await expect(embedQueries(embedder, [blank])).rejects.toThrow("is blank");
});

it("hits are re-ranked as far as their images can be read", async () => {
  const hits = ["x", "y", "z"].map((key) => ({ key, text: key, similarity: 0.5 }));
  const [x, y, z] = await embedder.match([image, image, image], ["x", "y", "z"]);
  const ranked = await rerank(embedder, { image }, hits, { kind: "text", first: 2 });
  expect(ranked.map(({ key }) => key)).toEqual([...(x! >= y! ? ["x", "y"] : ["y", "x"]), "z"]);
  expect(ranked.map(({ match }) => match)).toContain(x);
  expect(z).toBeDefined();
  const lost = await rerank(embedder, { text: "a" }, hits);
  expect(lost[0]).toMatchObject({
    key: "x",
    fault: expect.stringContaining("does not say where") as string,
  });
  await expect(rerank(embedder, { image }, hits)).rejects.toThrow("match a text");
});
