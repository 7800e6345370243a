/** Search over HTTP: what it finds, in what order, and that it follows the index. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { dataUrl, png, post, serveSmallModel } from "../../test/served.js";
import { openSource } from "../data/formats/open.js";
import { indexSource } from "../search/index-source.js";
import { openOrMakeIndex, originOf } from "../search/open-index.js";
import type { SearchRequest, SearchResponse } from "./schemas/search.js";
import type { Server } from "./server.js";

const served = serveSmallModel();
const folder = temporaryDirectory();
const [images, index] = [join(folder, "images"), join(folder, "index")];
const colors = ["red", "blue", "green"];
const warnings: string[] = [];
let server: Server;

async function add(color: string): Promise<void> {
  await writeFile(join(images, `${color}.png`), await png(color));
  await writeFile(join(images, `${color}.txt`), `a ${color} square`);
}

/** Makes the index hold the images, as `flava index` does. */
async function updateIndex(): Promise<void> {
  const { offline } = served();
  await using made = await openOrMakeIndex(
    index,
    await originOf(offline, "images"),
    offline.embedder.backend,
  );
  await indexSource(made, await openSource(images), offline);
  await made.compact();
}

async function find(query: SearchRequest) {
  const { status, body } = await post(server, "/v1/search", query);
  return { status, keys: [] as string[], ...(body as SearchResponse), ...keysOf(body) };
}

const keysOf = (body: unknown) => {
  const { data } = body as Partial<SearchResponse>;
  return data && { keys: data.map(({ key }) => key) };
};

beforeAll(async () => {
  await mkdir(images);
  for (const color of colors) await add(color);
  await updateIndex();
  server = await served().start({ index, onWarning: (message) => warnings.push(message) });
});

it("finds what is near to an image or a text, and shows images", async () => {
  const { data, usage } = await find({ image: dataUrl(await png("red")), top: 2 });
  expect(data).toHaveLength(2);
  expect(data[0]).toMatchObject({ key: "red", text: "a red square" });
  expect(data[0]!.similarity).toBeCloseTo(1, 5);
  expect(usage.prompt_tokens).toBe(17);
  const texts = await find({ text: "a blue square", among: "texts", without: "a red square" });
  expect(texts.keys[0]).toBe("blue");
  const image = await server.app.request(data[0]!.image_url!);
  const { format, width } = await sharp(await image.arrayBuffer()).metadata();
  expect([image.status, format, width]).toEqual([200, "webp", 40]);
  expect((await server.app.request("/v1/search/image?key=../red")).status).toBe(404);
  const without = await served().start();
  expect((await post(without, "/v1/search", { text: "a" })).body).toMatchObject({
    error: { message: expect.stringContaining("--index") as string },
  });
});

it("finds what is like an entry, without the entry", async () => {
  const like = await find({ similar_to: "red" });
  const image = await find({ image: dataUrl(await png("red")) });
  expect(like.keys).toEqual(image.keys.slice(1));
  expect(like.usage.prompt_tokens).toBe(0);
  const text = await find({ similar_to: "red", text: "a blue square", image_weight: 0 });
  const alone = await find({ text: "a blue square" });
  expect(text.keys).toEqual(alone.keys.filter((key) => key !== "red"));
  expect((await find({ similar_to: "pink" })).status).toBe(404);
});

it("re-ranks the first hits as the library matches them", async () => {
  const { offline } = served();
  const text = "a blue square";
  const { data } = await find({ text, rerank: 2 });
  const near = await find({ text });
  const first = near.keys.slice(0, 2);
  const matches = await offline.match(
    first.map((key) => join(images, `${key}.png`)),
    [text, text],
  );
  expect(data.map(({ key, match }) => [key, match])).toEqual([
    ...first.map((key, i) => [key, matches[i]]).sort(([, a], [, b]) => Number(b) - Number(a)),
    [near.keys[2], undefined],
  ]);
  const red = await png("red");
  const texts = await find({ image: dataUrl(red), among: "texts", rerank: 3, top: 1 });
  const ofTexts = await offline.match(
    [red, red, red],
    colors.map((color) => `a ${color} square`),
  );
  expect(texts.data[0]!.match).toBe(Math.max(...ofTexts));
});

it.each([
  [{}, /^text: expected a text, an image or/],
  [{ image: "data:,", similar_to: "red" }, /^similar_to: .* both/],
  [{ text: "a", image_weight: 0.5 }, /^image_weight: .* only one of them/],
  [{ similar_to: "red", image_weight: 0.5 }, /^image_weight: .* only one of them/],
  [{ text: " " }, /^text: .* but it is blank$/],
  [{ text: "a", without: ["b", ""] }, /^without\[1\]: .* but it is blank$/],
  [{ text: "a", top: 1.5 }, /^top: expected a whole number, but got 1.5$/],
  [{ text: "a", top: 0 }, /^top: expected a number >=1, but got 0$/],
  [
    { text: "a", filter: "label=a" },
    /^filter: expected an object of texts by name, but got "label=a"$/,
  ],
  [
    { text: "a", filter: { label: "a" } },
    /^filter: No entry of the index has a field "label" to filter by\. There are: key, path, text\.$/,
  ],
  [{ text: "a", filter: { key: "red", ["__proto__"]: "a" } }, /^filter: .* "__proto__" cannot be/],
  [{ text: "a", filter: { key: ["red", 1] } }, /^filter.key\[1\]: expected a text, but got 1$/],
  [{ similar_to: "red", rerank: 1 }, /^rerank: Images are re-ranked by how they match a text/],
  [{ text: "a", rerank: 1, among: "texts" as const }, /^rerank: Texts are re-ranked/],
])("refuses %j", async (query, message) => {
  const { status, body } = await post(server, "/v1/search", query);
  expect(status).toBe(422);
  expect((body as { error: { message: string } }).error.message).toMatch(message);
});

it("takes all its fields in a form, too", async () => {
  const query = {
    ...{ text: "a blue square", image_weight: 0.25, top: 2, rerank: 1, without: ["a", "b"] },
    filter: { key: "none" },
  };
  const image = await png("red");
  const formed = async (fields: object): Promise<unknown> => {
    const form = new FormData();
    form.append("image", new Blob([image]));
    for (const [name, value] of Object.entries(fields)) {
      for (const one of [value].flat()) {
        form.append(name, typeof one === "string" ? one : JSON.stringify(one));
      }
    }
    return (await server.app.request("/v1/search", { method: "POST", body: form })).json();
  };
  const { filter, ...unfiltered } = query;
  const expected = (await post(server, "/v1/search", { ...unfiltered, image: dataUrl(image) }))
    .body;
  expect(await formed(unfiltered)).toEqual(expected);
  expect(await formed({ ...unfiltered, filter })).toMatchObject({ data: [] });
  expect(await formed({ ...unfiltered, filter: { key: "green" } })).toMatchObject({
    data: [{ key: "green" }],
  });
  expect(await formed({ top: "many" })).toMatchObject({ error: { param: "top" } });
  expect(JSON.stringify(await formed({ ["__proto__"]: "a" }))).toContain("Unrecognized key");
});

it("follows its index while it changes, and stays as it was where it is gone", async () => {
  await add("pink");
  await rm(join(images, "green.png"));
  let isDone = false;
  const statuses = new Set<number>();
  const ask = async (): Promise<void> => {
    while (!isDone) statuses.add((await find({ text: "a pink square" })).status);
  };
  const asked = [ask(), ask()];
  await updateIndex();
  expect((await find({ text: "a" })).keys.toSorted()).toEqual(["blue", "pink", "red"]);
  isDone = true;
  await Promise.all(asked);
  expect([...statuses]).toEqual([200]);
  await rm(index, { recursive: true });
  for (let i = 0; i < 2; i++) expect((await find({ text: "a" })).keys).toHaveLength(3);
  expect(warnings).toEqual([expect.stringMatching(/^The index stays as it was: .* not an index/)]);
  await updateIndex();
  expect((await find({ text: "a", filter: { key: "pink" } })).keys).toEqual(["pink"]);
});
