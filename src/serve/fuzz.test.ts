/** Whatever is sent, the server answers, and goes on. FLAVA_FUZZ sets the number of requests. */
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { dataUrl, png, post, serveSmallModel } from "../../test/served.js";
import type { Server } from "./server.js";

const served = serveSmallModel();
const requests = Number(process.env.FLAVA_FUZZ ?? 2000);
let server: Server;
let image: Uint8Array;
beforeAll(async () => {
  server = await served().start({ limits: { bodyBytes: 5000, items: 8 } });
  image = await png("red");
});

const paths = ["embeddings", "classify", "match", "fill", "fill/image", "predict", "models", "x"];
const names = [
  ...["input", "images", "labels", "templates", "texts", "image", "inputs", "top", "hidden"],
  ...["seed", "truncate", "encoding_format", "dimensions", "model"],
];

/** An image with some bytes changed, and perhaps cut off. */
const damaged = fc
  .tuple(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), fc.boolean())
  .map(([changes, length, isCut]) => {
    const copy = image.slice(0, isCut ? length % image.length : image.length);
    for (const [place, value] of changes) copy[place % Math.max(1, copy.length)] = value;
    return copy;
  });

const value = fc.oneof(
  ...[fc.string(), fc.constant("a [MASK]"), fc.jsonValue(), damaged.map(dataUrl)],
  ...[fc.constant(["a", "b"]), fc.array(fc.integer(), { maxLength: 9 }), fc.base64String()],
  fc.record({ text: fc.string() }),
  fc.record({ image: damaged.map(dataUrl) }),
);
const fields = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 });

const form = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.oneof(fc.string(), damaged)), { maxLength: 5 })
  .map((entries) => {
    const made = new FormData();
    for (const [name, entry] of entries) {
      made.append(name, typeof entry === "string" ? entry : new Blob([new Uint8Array(entry)]));
    }
    return made;
  });

const body = fc.oneof(
  { weight: 4, arbitrary: fields.map((object) => JSON.stringify(object)) },
  { weight: 2, arbitrary: form },
  fc.string(),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
  fc.nat(9000).map((depth) => "[".repeat(depth)),
);

const type = fc.oneof(
  { weight: 8, arbitrary: fc.constant("application/json") },
  fc.constantFrom("multipart/form-data", "multipart/form-data; boundary=x", "text/plain", ""),
);

it(`answers ${requests} requests of any kind`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.constantFrom("POST", "POST", "POST", "GET", "PUT"),
      type,
      body,
      async (path, method, contentType, content) => {
        const answer = await server.app.request(`/v1/${path}`, {
          method,
          ...(method !== "GET" && { body: content }),
          ...(!(content instanceof FormData) && { headers: { "content-type": contentType } }),
        });
        const { error } = (await answer.json()) as { error?: { message: string } };
        if (answer.status === 200) expect(error).toBeUndefined();
        else expect(error?.message).toMatch(/\S/);
        expect(answer.status).toBeLessThan(500);
      },
    ),
    { numRuns: requests },
  );
  expect((await post(server, "/v1/embeddings", { input: "a" })).status).toBe(200);
});
