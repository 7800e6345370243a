/** What the server refuses, and how it says so. */
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import sharp from "sharp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { dataUrl, png, post, serveSmallModel } from "../../test/served.js";
import { load } from "../api/load.js";
import { ApiKeys } from "./http/api-keys.js";
import type { LoggedRequest } from "./http/request-log.js";
import type { Server } from "./server.js";

const served = serveSmallModel();
/** The PNG of a pixel, without the beginning of a data: URL. */
const bare =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const limits = { bodyBytes: 20_000, pixels: 10_000, items: 20, requests: 4, seconds: 30 };
let server: Server;
beforeAll(async () => {
  server = await served().start({ limits });
});

const embed = (input: unknown, more = {}) => post(server, "/v1/embeddings", { input, ...more });

describe("a request", () => {
  it.each([
    ["no input", {}, 422, /^input: expected a text, a data: URL.*, but it is missing$/],
    ["an empty list", { input: [] }, 422, /^input: expected one or more/],
    [
      "a number",
      { input: ["a", 3] },
      422,
      /^input\[1\]: expected a text, a data: URL.*, but got 3$/,
    ],
    [
      "a text that is no list",
      [],
      422,
      /^The body is an empty array: expected an object with .* input/,
    ],
    [
      "a field unlike any",
      { input: "a", zzz: 1 },
      422,
      /"zzz"\. The fields are model, input, |"zzz"\. The fields are input, /,
    ],
    [
      "another format",
      { input: "a", encoding_format: "hex" },
      422,
      /"float" or "base64", but got "hex"$/,
    ],
    [
      "a number for a switch",
      { input: "a", truncate: 1 },
      422,
      /^truncate: expected true or false, but got 1$/,
    ],
    [
      "broken base64",
      { input: "data:image/png;base64,a*b" },
      422,
      /^input: expected base64 .* "\*"/,
    ],
    ["an unknown field", { input: [{ img: "a" }] }, 422, /^input\[0\]: expected a text/],
    [
      "a misspelled option",
      { input: "a", truncat: true },
      422,
      /"truncat"\. Did you mean "truncate"\?/,
    ],
    ["a misspelled field", { inputs: "a" }, 422, /"inputs"\. Did you mean "input"\?/],
    ["a URL", { input: "https://a.b/c.png" }, 422, /^input: "https:\/\/a.b\/c.png" is a URL/],
    ["a place elsewhere", { input: "s3://a/b.png" }, 422, /"s3:\/\/a\/b.png" is a URL/],
    ["the name of a file", { input: "a/cat.JPG" }, 422, /is the name of an image file/],
    ["an image in base64", { input: bare }, 422, /^input: "iVBOR.* is an image in base64/],
    ["a path", { input: { image: "/etc/passwd" } }, 422, /^input.image: .* Paths are not read/],
    ["a host", { input: { image: "https://a.b/c" } }, 422, /^input.image: .*--allow-host/],
    ["another kind of data", { input: "data:text/plain;base64,YQ==" }, 422, /URL of text\/plain/],
    ["no image", { input: ["a", "data:image/png;base64,YWJjZGVm"] }, 415, /^input\[1\]: .*formats/],
    ["no text", { input: "" }, 422, /^input: expected a text .* it is blank$/],
    ["a blank text", { input: ["a", { text: " \n\u200b" }] }, 422, /^input\[1\]\.text: .* blank$/],
    ["no token but [CLS] and [SEP]", { input: [[5], [101, 102]] }, 422, /^input\[1\]: .* got none/],
    ["a long text", { input: "word ".repeat(50) }, 422, /more than the 16 tokens/],
    ["a wrong token", { input: [5, 40_000] }, 422, /there is no token 40000/],
    [
      "a token of more bits",
      { input: [5, 2 ** 32 + 5] },
      422,
      /^input\[1\]: .*, but got 4294967301$/,
    ],
    ["too many inputs", { input: Array(21).fill("a") }, 422, /at most 20 inputs .* got 21/],
    ["an unknown model", { input: "a", model: "b" }, 404, /no model "b"; this server has "small"/],
  ])("with %s is refused", async (_, body, status, message) => {
    const answer = await post(server, "/v1/embeddings", body);
    expect(answer.status).toBe(status);
    const { error } = answer.body as { error: { message: string; type: string } };
    expect(error.message).toMatch(message);
    expect(error.type).toBe("invalid_request_error");
  });

  it("of another endpoint is refused with the field at fault", async () => {
    const image = dataUrl(await png("red"));
    const faults = [
      ["/v1/classify", { images: image, labels: [] }, "labels"],
      ["/v1/classify", { images: image, labels: ["a", " "] }, "labels[1]"],
      ["/v1/classify", { images: image, labels: ["a", "b", "a"] }, "labels[2]"],
      ["/v1/classify", { images: image, labels: "a", templates: ["{}", "b"] }, "templates[1]"],
      ["/v1/match", { images: [image], texts: ["a", 1] }, "texts[1]"],
      ["/v1/match", { images: [image], texts: ["a", "\t"] }, "texts[1]"],
      ["/v1/fill", { texts: ["a [MASK]", "a"] }, "texts[1]"],
      ["/v1/fill/image", { image, hidden: [16] }, "hidden"],
      ["/v1/fill/image", { image, hidden: [1], seed: 2 }, "seed"],
      ["/v1/predict", { inputs: { text: "a" } }, "model"],
    ] as const;
    for (const [path, body, param] of faults) {
      const answer = await post(server, path, body);
      expect([path, answer.status, answer.body]).toMatchObject([path, 422, { error: { param } }]);
    }
  });

  it("with a parameter after ? that the endpoint does not take is refused", async () => {
    const asked = async (path: string, method = "GET") => {
      const answer = await server.app.request(path, { method });
      return { status: answer.status, text: await answer.text() };
    };
    for (const [path, said] of [
      ["/v1/models?a=1", /takes no parameter ."a." after .* It takes none/],
      ["/v1/models/small?__proto__=1", /takes no parameter ."__proto__."/],
      ["/v1/runs/a/b/log?form=3", /Did you mean ."from."/],
      ["/v1/runs/a/b/log?from=", /from: expected a number of steps/],
      ["/v1/runs/a/b/log?from=1&from=2", /from: expected once/],
      ["/v1/search/image?keys=red", /Did you mean ."key."/],
      ["/v1/search/image", /key: expected the key of an entry/],
    ] as const) {
      expect([path, await asked(path)]).toEqual([
        path,
        { status: 422, text: expect.stringMatching(said) as string },
      ]);
    }
    const posted = await post(server, "/v1/embeddings?truncat=true", { input: "a" });
    const message = expect.stringMatching(
      /Did you mean "truncate"\? Its fields .*: input, /,
    ) as string;
    const error = { param: "truncat", message };
    expect([posted.status, posted.body]).toMatchObject([422, { error }]);
    // Monitors add what keeps caches away.
    for (const path of ["/docs?from=a-mail", "/health?t=1", "/ready?t=1", "/metrics?t=1"])
      expect([path, (await asked(path)).status]).toEqual([path, 200]);
  });

  it("with a body that is no JSON, of another type, or too large is refused", async () => {
    const send = async (body: string, type: string) => {
      const headers = { "content-type": type };
      const answer = await server.app.request("/v1/embeddings", { method: "POST", body, headers });
      return answer.status;
    };
    expect(await send("{", "application/json")).toBe(400);
    expect(await send("\xff", "multipart/form-data; boundary=x")).toBe(400);
    expect(await send("a", "text/plain")).toBe(415);
    expect(await send('{"input":"a"}', "application/json; charset=utf-16")).toBe(415);
    expect(await send('{"input":"a"}', 'application/json; charset="UTF-8"')).toBe(200);
    const large = JSON.stringify({ input: "a".repeat(limits.bodyBytes) });
    expect(await send(large, "application/json")).toBe(413);
    const unknown = async (path: string) => (await server.app.request(path)).text();
    expect(await unknown("/v1/nothing")).toContain("All endpoints are shown at /docs");
    expect(await unknown("/v1/models/")).toContain('Did you mean \\"/v1/models\\"?');
    expect(await unknown("//v1/embedings")).toContain('Did you mean \\"/v1/embeddings\\"?');
    const wrong = await server.app.request("/v1/classify");
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    const deleted = await server.app.request("/v1/models/small", { method: "DELETE" });
    expect([deleted.status, deleted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("with an image of too many pixels is refused before it is decoded", async () => {
    const bomb = await sharp({
      create: { width: 3000, height: 3000, channels: 3, background: "red" },
    })
      .png({ compressionLevel: 9, palette: true })
      .toBuffer();
    expect(bomb.length).toBeLessThan(limits.bodyBytes / 1.4);
    const { status, body } = await embed(dataUrl(bomb));
    expect(status).toBe(413);
    expect(body).toMatchObject({
      error: { message: expect.stringContaining("3000 x 3000") as string },
    });
  });
});

describe("a server", () => {
  it("that is full answers 429 with Retry-After, and goes on", async () => {
    const texts = Array.from({ length: 12 }, (_, i) => `text ${i}`);
    const answers = await Promise.all(texts.map((one) => embed(one)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(limits.requests);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(8);
    expect(refused[0]!.headers.get("retry-after")).toBe("1");
    expect((await embed("again")).status).toBe(200);
  });

  it("keeps the connection of a client that is slow to send what it refuses", async () => {
    const own = await served().start({ limits });
    const client = connect(Number(new URL(await own.listen({ port: 0 })).port));
    const length = limits.bodyBytes + 1;
    const headers = `host: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}`;
    client.write(`POST /v1/embeddings HTTP/1.1\r\n${headers}\r\n\r\n`);
    await setTimeout(700);
    client.end(`${" ".repeat(length)}GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    const answers = await text(client);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"]);
  });

  it("answers 504 to a request that takes too long", async () => {
    const hasty = await served().start({ limits: { seconds: 0.01 } });
    const response = await hasty.app.request("/v1/embeddings", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: new ReadableStream(), // never ends
      duplex: "half",
    });
    const body = await response.json();
    expect([response.status, body]).toMatchObject([504, { error: { type: "server_error" } }]);
  });

  it("with API keys takes only those, and logs their names, not what was sent", async () => {
    const logged: LoggedRequest[] = [];
    const keys = ApiKeys.parse("# ours\nann secret-1\nsecret-2\n", "keys.txt");
    const guarded = await served().start({ keys, onRequest: (request) => logged.push(request) });
    const send = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await post(guarded, "/v1/embeddings", { input: "private words" }, headers)).status;
    };
    expect(await send()).toBe(401);
    expect(await send("Bearer secret-3")).toBe(401);
    expect(await send("Bearer secret-1")).toBe(200);
    expect(await send("bearer secret-2")).toBe(200);
    expect((await guarded.app.request("/health")).status).toBe(200);
    expect(logged.map(({ status, client }) => [status, client])).toEqual([
      ...[
        [401, undefined],
        [401, undefined],
        [200, "ann"],
        [200, "key 3"],
      ],
      [200, undefined],
    ]);
    expect(JSON.stringify(logged)).not.toMatch(/private|secret/);
    const metrics = await (await guarded.app.request("/metrics")).text();
    expect(metrics).toContain('flava_requests_total{path="/v1/embeddings",status="401"} 2');
    for (const name of ["x", "y"]) await guarded.app.request(`/v1/${name}`);
    const after = await (await guarded.app.request("/metrics")).text();
    expect(after).toContain('flava_requests_total{path="other",status="401"} 2');
    expect(after).not.toContain("/v1/x");
    expect(() => ApiKeys.parse("\n", "keys.txt")).toThrow("keys.txt has no API key");
    expect(() => ApiKeys.parse("a\nann Schlüssel", "k")).toThrow("The key in line 2 of k");
  });

  it("answers to no name that a page elsewhere could have, unless it is given or asks for keys", async () => {
    const hostNames = ["pictures.example.org"];
    const keys = ApiKeys.parse("secret", "a test");
    const servers = [await served().start({ hostNames }), await served().start({ keys })];
    const [open, guarded] = await Promise.all(servers.map((one) => one.listen({ port: 0 })));
    const status = async (url: string, host: string): Promise<string> => {
      const client = connect(Number(new URL(url).port));
      client.end(`GET /health HTTP/1.0\r\n${host && `host: ${host}\r\n`}\r\n`);
      return (await text(client)).slice(9, 12);
    };
    const hosts = ["", "localhost:1", "127.0.0.1:1", "[::1]:1", "flava:1", "Pictures.Example.org."];
    for (const host of ["a.localhost", ...hosts]) {
      expect([host, await status(open!, host)]).toEqual([host, "200"]);
    }
    expect(await status(open!, "attacker.example")).toBe("421");
    expect(await status(guarded!, "attacker.example")).toBe("200");
  });

  it("says where it failed itself, to the client and to whoever runs it", async () => {
    const warnings: string[] = [];
    const failing = await served().start({
      onWarning: (message) => warnings.push(message),
      extend: (app) => app.get("/fails", () => Promise.reject(new TypeError("no such thing"))),
    });
    const answer = await failing.app.request("/fails");
    expect([answer.status, await answer.json()]).toMatchObject([
      500,
      {
        error: {
          type: "server_error",
          message: expect.stringContaining("no such thing") as string,
        },
      },
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(/^GET \/fails failed: TypeError: no such thing\n +at .*refusals\.test/),
    ]);
  });

  it("drops a request whose client has gone", async () => {
    const logged: LoggedRequest[] = [];
    const left = await served().start({ onRequest: (request) => logged.push(request) });
    const request = httpRequest(`${await left.listen({ port: 0 })}/v1/embeddings`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      agent: false,
    }).on("error", () => undefined);
    request.end(JSON.stringify({ input: Array(2000).fill("a b c d e f g h i j k l m n") }));
    const started = async () =>
      (await (await left.app.request("/metrics")).text()).includes("flava_requests 1");
    await vi.waitUntil(started);
    request.destroy();
    await vi.waitUntil(() => logged.some(({ path }) => path === "/v1/embeddings"));
    expect(logged.find(({ path }) => path === "/v1/embeddings")!.status).toBe(499);
  });

  it("stops although a client never ends its request", async () => {
    const stopping = await served().start({ limits: { seconds: 0.2 } });
    const client = connect(Number(new URL(await stopping.listen({ port: 0 })).port));
    client.write("POST /v1/embeddings HTTP/1.1\r\n");
    const gone = once(client, "close");
    await once(client, "connect");
    await Promise.all([stopping.close(), gone]);
  });

  it("keeps its models if one cannot be loaded again", async () => {
    let isBroken = false;
    const { offline, start } = served();
    const open = () =>
      isBroken
        ? Promise.reject(new Error("no such model"))
        : load(offline.model.path, { backend: { name: "reference" } });
    const kept = await start({ models: { first: open, second: open } });
    isBroken = true;
    await expect(kept.reload()).rejects.toThrow("no such model");
    expect((await post(kept, "/v1/embeddings", { input: "a", model: "second" })).status).toBe(200);
    await expect(start({ models: {} })).rejects.toThrow("one or more models");
  });

  it("loads its models again, and stops, without dropping requests", async () => {
    const changing = await served().start();
    const url = await changing.listen({ port: 0 });
    const send = async (words: string) => {
      const request = httpRequest(`${url}/v1/embeddings`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        agent: false,
      });
      request.end(JSON.stringify({ input: [words] }));
      const [answer] = (await once(request, "response")) as [import("node:http").IncomingMessage];
      await text(answer);
      return answer.statusCode;
    };
    const during = Array.from({ length: 20 }, (_, i) => send(`text ${i}`));
    await changing.reload();
    const after = send("after");
    expect(await Promise.all([...during, after])).toEqual(Array(21).fill(200));
    const last = Array.from({ length: 5 }, (_, i) =>
      post(changing, "/v1/embeddings", { input: `last ${i}` }),
    );
    await Promise.race(last);
    await changing.close();
    expect((await Promise.all(last)).map(({ status }) => status)).toEqual(Array(5).fill(200));
    await expect(send("late")).rejects.toThrow("ECONNREFUSED");
    expect((await post(changing, "/v1/embeddings", { input: "a" })).status).toBe(503);
  });
});
