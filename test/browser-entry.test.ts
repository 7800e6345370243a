/** `flava/browser`, bundled by Vite and run by Chromium, against Node. */
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load } from "../src/api/load.js";
import { nativeLevels } from "../src/backend/native.js";
import { findChromium, openBrowser } from "./browser.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";

const chromium = findChromium();
if (chromium === undefined) console.log("No Chromium is installed: flava/browser is not run.");
const root = join(import.meta.dirname, "..");
const folder = temporaryDirectory();
const [page, bundle] = [join(folder, "page"), join(folder, "bundle")];
const types: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  wasm: "application/wasm",
};

beforeAll(async () => {
  await mkdir(page, { recursive: true });
  const entry = join(root, "dist", "src", "browser.js");
  await writeFile(join(page, "index.html"), `<script type="module" src="main.js"></script>`);
  await writeFile(
    join(page, "main.js"),
    `import { load } from ${JSON.stringify(entry)};\nglobalThis.load = load;\n`,
  );
  const output = { outDir: bundle, emptyOutDir: true, rollupOptions: { external: /^node:/ } };
  await build({ root: page, build: output, logLevel: "error" });
});

/** Serves the bundle, and the model that ships below /mini/. */
function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const name = request.url === "/" ? "/index.html" : request.url!;
    const path = name.startsWith("/mini/")
      ? join(root, "models", name)
      : join(bundle, ...name.split("/"));
    readFile(path).then(
      (content) => {
        const type = types[path.split(".").at(-1)!] ?? "application/octet-stream";
        response.setHeader("content-type", type).end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** 40 x 30 pixels, RGBA. */
const canvas = Array.from({ length: 40 * 30 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251));
const text = "a photo of a small red heart";
const labels = ["heart", "arrow", "house"];
/** What the browser is held to, whatever FLAVA_BACKEND says. */
const inNode = nativeLevels().length > 0 ? "native" : "wasm";

/** What is computed in the page. */
type Found = readonly [text: number[], image: number[], best: string, match: number];

it("is bundled without a module of Node, and with its kernels beside it", async () => {
  const names = await readdir(join(bundle, "assets"));
  const scripts = names.filter((name) => name.endsWith(".js"));
  expect(scripts).toHaveLength(1);
  const code = await readFile(join(bundle, "assets", scripts[0]!), "utf8");
  expect(code).not.toMatch(/(from|import)\s*\(?["']node:/);
  expect(names.filter((name) => name.endsWith(".wasm"))).toHaveLength(1);
});

describe.skipIf(chromium === undefined)("in Chromium", () => {
  let server: Server;
  beforeAll(async () => {
    server = await serve();
  });
  afterAll(() => {
    server.close();
  });

  it("computes what Node does", async () => {
    const browser = await openBrowser(chromium!);
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const found = await tab.evaluate<Found>(
      `(async () => {
        const flava = await load("/mini/");
        const image = { width: 40, height: 30, data: ${JSON.stringify(canvas)} };
        const [text] = await flava.embedTexts([${JSON.stringify(text)}]);
        const [vector] = await flava.embedImages([image]);
        const [best] = await flava.classify(image, ${JSON.stringify(labels)});
        const match = await flava.match(image, "a heart");
        await flava.close();
        return [[...text], [...vector], best.label, match];
      })()`,
    );
    await browser.close();
    const pixels = Uint8Array.from(canvas.filter((_, i) => i % 4 !== 3));
    const image = { width: 40, height: 30, pixels };
    await using flava = await load(undefined, { backend: { name: inNode } });
    const [best] = await flava.classify(image, labels);
    expect(largest(found[0], await flava.embedTexts(text))).toBeLessThan(1e-5);
    expect(largest(found[1], await flava.embedImages(image))).toBeLessThan(1e-5);
    expect(found[2]).toBe(best!.label);
    expect(found[3]).toBeCloseTo(await flava.match(image, "a heart"), 4);
  });
});

/** Compiling shaders takes SwiftShader long: tested where the other kernels of WebGPU are. */
it.skipIf(chromium === undefined || process.env.FLAVA_BACKEND !== "webgpu")(
  "computes by WebGPU what Node does",
  { timeout: 300_000 },
  async () => {
    const server = await serve();
    const browser = await openBrowser(chromium!, ["--enable-unsafe-webgpu"]);
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const found = await tab.evaluate<readonly [backend: string, text: number[]]>(
      `(async () => {
        const flava = await load("/mini/");
        const [text] = await flava.embedTexts([${JSON.stringify(text)}]);
        return [flava.backend, [...text]];
      })()`,
    );
    await browser.close();
    server.close();
    await using flava = await load(undefined, { backend: { name: inNode } });
    expect(found[0]).toBe("webgpu");
    expect(largest(found[1], await flava.embedTexts(text))).toBeLessThan(1e-4);
  },
);

/** The largest difference. */
function largest(found: readonly number[], expected: Float32Array): number {
  expect(found).toHaveLength(expected.length);
  return Math.max(...Array.from(expected, (value, i) => Math.abs(value - found[i]!)));
}
