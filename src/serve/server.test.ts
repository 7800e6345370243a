/** Answers of the server are those of the library, whoever asks, and in whatever form. */
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { dataUrl, png, post, serveSmallModel } from "../../test/served.js";
import type { Flava } from "../api/flava.js";
import { createApp } from "./create-app.js";
import { Admission } from "./http/admission.js";
import { defaultLimits } from "./http/limits.js";
import { Metrics } from "./metrics.js";
import { ServedModels } from "./models/served-models.js";
import type { ClassifyResponse } from "./schemas/classify.js";
import type { EmbeddingsResponse } from "./schemas/embeddings.js";
import type { FillImageResponse, FillResponse } from "./schemas/fill.js";
import type { MatchResponse } from "./schemas/match.js";
import { type Server, defaultBatch } from "./server.js";

const served = serveSmallModel();
let server: Server;
let [red, blue] = [new Uint8Array(), new Uint8Array()];
beforeAll(async () => {
  server = await served().start();
  [red, blue] = [await png("red"), await png("blue")];
});

const vectorsOf = (body: unknown): number[][] =>
  (body as EmbeddingsResponse).data.map(({ embedding }) => embedding as number[]);

describe("OpenAI's client", () => {
  it("gets embeddings of texts, token ids and images, lists models, and understands errors", async () => {
    const { offline } = served();
    const client = new OpenAI({
      baseURL: `${await server.listen({ port: 0 })}/v1`,
      apiKey: "none",
    });
    const [heart, cat] = await offline.embedTexts(["a heart", "a cat"]);
    const embed = async (input: string | string[] | number[] | number[][], more = {}) =>
      client.embeddings.create({ model: "small", input, ...more });
    const many = await embed(["a heart", "a cat"]); // base64, by the client's own choice
    expect(many.data.map(({ embedding }) => Float32Array.from(embedding))).toEqual([heart, cat]);
    expect(many).toMatchObject({ model: "small", usage: { prompt_tokens: 8, total_tokens: 8 } });
    const one = await embed("a heart", { encoding_format: "float", dimensions: offline.width });
    expect(one.data[0]!.embedding).toEqual(Array.from(heart!));
    const ids = [...offline.model.tokenizer.encode("a cat")];
    const tokens = await embed([ids, ids.slice(1, -1)]);
    for (const { embedding } of tokens.data) expect(Float32Array.from(embedding)).toEqual(cat);
    const image = await embed(dataUrl(red));
    expect(Float32Array.from(image.data[0]!.embedding)).toEqual(await offline.embedImages(red));
    const listed = await client.models.list();
    expect(listed.data.map(({ id }) => id)).toEqual(["small"]);
    expect(await client.models.retrieve("small")).toEqual(listed.data[0]);
    const missing = await client.models.retrieve("a/b").catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(OpenAI.NotFoundError);
    expect(missing).toMatchObject({ code: "model_not_found", param: "model" });
    await expect(embed("a", { model: "gpt" })).rejects.toThrow(OpenAI.NotFoundError);
    await expect(embed("a", { dimensions: 3 })).rejects.toThrow(/not trained to be cut/);
  });
});

describe("the server", () => {
  it("classifies, matches and fills as the library does", async () => {
    const { offline } = served();
    const labels = ["heart", "cat"];
    const classified = await post(server, "/v1/classify", {
      ...{ images: [dataUrl(red), dataUrl(blue)], labels, templates: "a {}", top: 1 },
    });
    const expected = await offline.classify([red, blue], labels, { templates: ["a {}"] });
    expect((classified.body as ClassifyResponse).data).toEqual(
      expected.map(([best], index) => ({ index, labels: [best] })),
    );
    const texts = ["a heart", "a longer text about a cat", "b"];
    const matched = await post(server, "/v1/match", {
      images: [dataUrl(red), dataUrl(blue)],
      texts,
    });
    const { probabilities } = matched.body as MatchResponse;
    expect(probabilities).toEqual([
      await offline.match([red, red, red], texts),
      await offline.match([blue, blue, blue], texts),
    ]);
    const filled = await post(server, "/v1/fill", {
      texts: "a [MASK]",
      image: dataUrl(red),
      top: 2,
    });
    expect((filled.body as FillResponse).data).toEqual([
      { index: 0, ...(await offline.fill({ text: "a [MASK]", image: red }, { top: 2 })) },
    ]);
    const drawn = await post(server, "/v1/fill/image", { image: dataUrl(red), hidden: [1, 5] });
    const hidden = Array.from({ length: 16 }, (_, patch) => patch === 1 || patch === 5);
    const { tokens } = await offline.fillImage(red, { hidden });
    expect(drawn.body as FillImageResponse).toMatchObject({
      ...{ grid: { width: 4, height: 4 }, hidden: [1, 5], tokens: Array.from(tokens) },
      image: expect.stringMatching(/^data:image\/png;base64,/) as string,
    });
  });

  it("takes forms with files", async () => {
    const form = new FormData();
    form.append("input", new Blob([red]), "red.png");
    form.append("input", "a heart");
    form.append("truncate", "true");
    const answer = await server.app.request("/v1/embeddings", { method: "POST", body: form });
    const { offline } = served();
    expect(vectorsOf(await answer.json())).toEqual([
      Array.from(await offline.embedImages(red)),
      Array.from(await offline.embedTexts("a heart")),
    ]);
  });

  it("takes lists and objects in forms as JSON, and other texts as they are", async () => {
    const vectors = async (...inputs: string[]): Promise<number[][]> => {
      const form = new FormData();
      for (const input of inputs) form.append("input", input);
      const answer = await server.app.request("/v1/embeddings", { method: "POST", body: form });
      return vectorsOf(await answer.json());
    };
    const expected = async (...texts: string[]): Promise<number[][]> =>
      (await served().offline.embedTexts(texts)).map((vector) => Array.from(vector));
    expect(await vectors('["a heart", "a cat"]')).toEqual(await expected("a heart", "a cat"));
    expect(await vectors('{ "text": "a heart" }')).toEqual(await expected("a heart"));
    expect(await vectors("[MASK]", "3")).toEqual(await expected("[MASK]", "3"));
    const form = new FormData();
    form.append("images", new Blob([red]));
    form.append("labels", '["a", "a"]'); // no label of this name
    const answer = await server.app.request("/v1/classify", { method: "POST", body: form });
    expect(await answer.json()).toMatchObject({ error: { param: "labels[1]" } });
  });

  it("answers many requests at a time as if each were alone", async () => {
    const { offline } = served();
    const texts = Array.from({ length: 40 }, (_, i) => "long ".repeat(i % 9) + `text ${i}`);
    const expected = await offline.embedTexts(texts);
    const image = Array.from(await offline.embedImages(red));
    const found = await Promise.all(
      texts.map((text, i) => {
        const input =
          i % 4 === 0
            ? [text, dataUrl(red)]
            : i % 10 === 1
              ? ["data:image/png;base64,AA==", text]
              : [text];
        return post(server, "/v1/embeddings", { input });
      }),
    );
    for (const [i, { status, body }] of found.entries()) {
      if (i % 4 !== 0 && i % 10 === 1) expect(status).toBe(415);
      else
        expect(vectorsOf(body)).toEqual([
          Array.from(expected[i]!),
          ...(i % 4 === 0 ? [image] : []),
        ]);
    }
  });

  it("decodes an image once for all texts that it is filled with", async () => {
    let reads = 0;
    const admission = new Admission(defaultLimits);
    const app = createApp({
      ...{ admission, limits: defaultLimits, isReady: () => true, metrics: new Metrics(() => 0) },
      models: await ServedModels.load(
        { small: () => Promise.resolve(served().offline) },
        { limits: defaultBatch, onWarning: expect.unreachable },
      ),
      reader: { maxPixels: 1e6, bytesOf: () => Promise.resolve(red).finally(() => reads++) },
    });
    const filled = await post({ app }, "/v1/fill", {
      texts: ["a [MASK]", "[MASK] b"],
      image: dataUrl(red),
    });
    expect([filled.status, reads]).toEqual([200, 1]);
  });

  it("answers within a server of Node, beside other pages", async () => {
    const http = createHttpServer((request, response) => {
      if (request.url?.startsWith("/v1/")) server.listener(request, response);
      else response.end("my own page");
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const body = JSON.stringify({ input: "a heart" });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/v1/embeddings`, { method: "POST", headers, body });
    const [vector] = vectorsOf(await answer.json());
    expect(Float32Array.from(vector!)).toEqual(await served().offline.embedTexts("a heart"));
    expect(await (await fetch(url)).text()).toBe("my own page");
    http.close();
  });

  it("loads its models again one time after the other, and closes what it was loading", async () => {
    const { open, start } = served();
    const loaded: Flava[] = [];
    let [loading, most] = [0, 0];
    const small = async (): Promise<Flava> => {
      most = Math.max(most, ++loading);
      loaded.push(await open());
      loading--;
      return loaded.at(-1)!;
    };
    const reloading = await start({ models: { small } });
    await Promise.all([reloading.reload(), reloading.reload(), reloading.close()]);
    expect([loaded.length, most]).toEqual([3, 1]);
    for (const flava of loaded) await expect(flava.embedTexts("a")).rejects.toThrow("was closed");
  });

  it("shows its endpoints, without requests to other hosts", async () => {
    const document = (await (await server.app.request("/openapi.json")).json()) as {
      readonly paths: Readonly<Record<string, unknown>>;
    };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        "/v1/embeddings",
        "/v1/predict",
        "/v1/models/{model}",
        "/metrics",
        "/ready",
      ]),
    );
    const page = await (await server.app.request("/docs")).text();
    expect(page).toContain("encoding_format");
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  });
});
