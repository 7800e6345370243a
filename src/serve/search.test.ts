/** Search in an index behind the server. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { dataUrl, png, post, serveSmallModel } from "../../test/served.js";
import { openSource } from "../data/formats/open.js";
import { ExactIndex } from "../search/exact-index.js";
import { indexSource } from "../search/index-source.js";
import { originOf } from "../search/open-index.js";
import { addSearch } from "./routes/search.js";
import type { SearchResponse } from "./schemas/search.js";
import type { Server } from "./server.js";

const served = serveSmallModel();
const folder = temporaryDirectory();
let server: Server;

beforeAll(async () => {
  for (const color of ["red", "lime", "blue"]) {
    await writeFile(join(folder, `${color}.png`), await png(color));
    await writeFile(join(folder, `${color}.txt`), `a ${color} square`);
  }
  const { offline } = served();
  const index = new ExactIndex(offline.embedder.backend, originOf(offline, "squares"));
  await indexSource(index, await openSource(folder), offline);
  server = await served().start({ extend: (app) => addSearch(app, index) });
});

const search = async (request: object): Promise<SearchResponse> => {
  const { status, body } = await post(server, "/v1/search", request);
  expect(status).toBe(200);
  return body as SearchResponse;
};

it("finds images and texts by an image, a text, a key, and what is unwanted", async () => {
  const image = dataUrl(await png("lime"));
  const { data, among } = await search({ image, top: 2 });
  expect(among).toBe("images");
  expect(data).toMatchObject([{ key: "lime", text: "a lime square" }, {}]);
  expect(data[0]!.similarity).toBeCloseTo(1, 5);
  expect((await search({ key: "blue", top: 1 })).data).toMatchObject([{ key: "blue" }]);
  const texts = await search({ text: "a red square", among: "texts", top: 1 });
  expect(texts.data).toMatchObject([{ key: "red" }]);
  const unlike = await search({ image, without: ["a lime square", "b"], image_weight: 1 });
  expect(unlike.data).toHaveLength(3);
  const filtered = await search({ text: "a", filter: { key: "red" }, rerank: 5 });
  expect(filtered.data).toMatchObject([{ key: "red", match: expect.any(Number) as number }]);
});

it("shows what is in the index, and its images", async () => {
  const described = await server.app.request("/v1/search");
  expect(await described.json()).toEqual({ source: "squares", images: 3, texts: 3 });
  const { data } = await search({ text: "a red square", filter: { key: "red" } });
  const shown = await server.app.request(`${data[0]!.image}&size=20`);
  const image = sharp(Buffer.from(await shown.arrayBuffer()));
  expect(await image.metadata()).toMatchObject({ format: "webp", width: 20, height: 16 });
  expect((await server.app.request("/v1/search/image?key=none")).status).toBe(404);
});

it.each([
  [{}, "expected a text, an image or a key"],
  [{ key: "none" }, "no entry with this key"],
  [{ key: "red", rerank: 3 }, "send one"],
  [{ text: "a", top: 0 }, "top"],
])("refuses %j", async (request, message) => {
  const { status, body } = await post(server, "/v1/search", request);
  expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining(message)]);
});
