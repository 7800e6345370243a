import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { NotFoundError, fetchBytes } from "./fetch.js";

/** Answers /file with three bytes, /broken with an error, and everything else as servers of single-page apps do. */
const server = createServer(({ url }, response) => {
  if (url === "/file") response.setHeader("content-length", 3).end("abc");
  else if (url === "/version") response.setHeader("etag", '"1"').end("abc");
  else if (url === "/broken") response.writeHead(500).end();
  else if (url === "/none") response.writeHead(404).end();
  else response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>");
});
let origin: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

it("gives the bytes of a file, and says how many there are so far", async () => {
  const onProgress = vi.fn();
  const bytes = await fetchBytes(`${origin}/file`, { onProgress });
  expect(Buffer.from(bytes).toString()).toBe("abc");
  expect(onProgress).toHaveBeenLastCalledWith(3, 3);
});

it("knows a file that is not there, also by the page that some servers send instead", async () => {
  for (const [path, said] of [
    ["/none", "There is nothing at"],
    ["/tokenizer.json", "There is no file at"],
  ]) {
    const found = fetchBytes(`${origin}${path}`);
    await expect(found).rejects.toThrow(NotFoundError);
    await expect(found).rejects.toThrow(`${said} ${origin}${path}`);
  }
});

it("fails where the server does", async () => {
  await expect(fetchBytes(`${origin}/broken`)).rejects.toThrow("/broken cannot be loaded: 500.");
});

it("keeps what a server has, and what it has not, for when it cannot be reached", async () => {
  const store = new Map<string, Response>();
  const open = () =>
    Promise.resolve({
      match: (url: string) => Promise.resolve(store.get(url)?.clone()),
      put: (url: string, response: Response) => Promise.resolve(void store.set(url, response)),
    });
  vi.stubGlobal("caches", { open });
  try {
    const read = (path: string) => fetchBytes(`${origin}${path}`, { keeps: true });
    await expect(read("/none")).rejects.toThrow(NotFoundError);
    await read("/version");
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(Buffer.from(await read("/version")).toString()).toBe("abc");
    await expect(read("/none")).rejects.toThrow(NotFoundError);
    await expect(read("/other")).rejects.toThrow("Failed to fetch");
  } finally {
    vi.unstubAllGlobals();
  }
});
