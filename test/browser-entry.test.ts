/** `flava/browser` and `flava/browser-training`, bundled by Vite and run by Chromium, against Node. */
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load } from "../src/api/load.js";
import { nativeLevels } from "../src/backend/native.js";
import { decodeImage } from "../src/data/image/decode.js";
import { isolationHeaders } from "../src/serve/isolation-headers.js";
import { builtModule, bundlePage } from "./browser-page.js";
import { findChromium, openBrowser } from "./browser.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";

const chromium = findChromium();
if (chromium === undefined) console.log("No Chromium is installed: flava/browser is not run.");
const root = join(import.meta.dirname, "..");
const folder = temporaryDirectory();
let bundle: string;
const types: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  wasm: "application/wasm",
};

beforeAll(async () => {
  bundle = await bundlePage(
    folder,
    `import { decodeFile, load } from ${builtModule("browser.js")};
     import { train } from ${builtModule("browser-training.js")};
     Object.assign(globalThis, { decodeFile, load, train });`,
  );
});

/** How often weights were downloaded, and what the server calls their version. */
let [downloads, version] = [0, "first"];

/** Serves the bundle, and the model that ships below /mini/. */
function serve(headers: Readonly<Record<string, string>> = {}): Promise<Server> {
  const server = createServer((request, response) => {
    const name = request.url === "/" ? "/index.html" : request.url!;
    const path = name.startsWith("/mini/")
      ? join(root, "models", name)
      : join(bundle, ...name.split("/"));
    if (name.endsWith(".safetensors") && request.method === "GET") downloads++;
    readFile(path).then(
      (content) => {
        response.setHeaders(new Headers({ ...headers, etag: `"${version}"` }));
        const type = types[path.split(".").at(-1)!] ?? "application/octet-stream";
        response.setHeader("content-type", type).setHeader("content-length", content.length);
        response.end(request.method === "HEAD" ? undefined : content);
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

interface OnThreads {
  readonly threads: number;
  readonly vectors: readonly number[][];
}

/** What is computed in the page. */
type Found = readonly [text: number[], image: number[], best: string, match: number];

it("is bundled without a module of Node, with its kernels and the script of their threads beside it", async () => {
  const names = await readdir(join(bundle, "assets"));
  const scripts = names.filter((name) => name.endsWith(".js"));
  expect(scripts.toSorted()).toEqual([
    expect.stringMatching(/^index/),
    expect.stringMatching(/^kernel-worker/),
  ]);
  for (const script of scripts) {
    const code = await readFile(join(bundle, "assets", script), "utf8");
    expect(code).not.toMatch(/(from|import)\s*\(?["']node:/);
  }
  expect(names.filter((name) => name.endsWith(".wasm"))).toHaveLength(1);
});

describe.skipIf(chromium === undefined)("in Chromium", () => {
  let [server, isolating, browser]: [Server?, Server?, Browser?] = [];
  beforeAll(async () => {
    [server, isolating, browser] = await Promise.all([
      serve(),
      serve(isolationHeaders),
      openBrowser(chromium!),
    ]);
  });
  afterAll(async () => {
    for (const one of [server, isolating]) one?.close();
    await browser?.close();
  });
  const openTab = async (from = server): Promise<Page> => {
    const tab = await browser!.newPage();
    await tab.goto(`http://127.0.0.1:${(from!.address() as AddressInfo).port}/`);
    return tab;
  };
  /** Computes on threads, at most so many. */
  const computeOn = async (tab: Page, threads: number): Promise<OnThreads> =>
    tab.evaluate<OnThreads>(
      `(async () => {
        const flava = await load("/mini/", { backend: "wasm", threads: ${threads} });
        const [text] = await flava.embedTexts([${JSON.stringify(text)}]);
        const [image] = await flava.embedImages([{ width: 40, height: 30, data: ${JSON.stringify(canvas)} }]);
        await flava.close();
        return { threads: flava.threads, vectors: [[...text], [...image]] };
      })()`,
    );

  it("computes what Node does", async () => {
    const tab = await openTab();
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
    await tab.close();
    const pixels = Uint8Array.from(canvas.filter((_, i) => i % 4 !== 3));
    const image = { width: 40, height: 30, pixels };
    await using flava = await load(undefined, { backend: { name: inNode } });
    const [best] = await flava.classify(image, labels);
    expect(largest(found[0], await flava.embedTexts(text))).toBeLessThan(1e-5);
    expect(largest(found[1], await flava.embedImages(image))).toBeLessThan(1e-5);
    expect(found[2]).toBe(best!.label);
    expect(found[3]).toBeCloseTo(await flava.match(image, "a heart"), 4);
  });

  it("computes the same bits on one thread and, in isolated pages, on several", async () => {
    const alone = await computeOn(await openTab(), 3);
    expect(alone.threads).toBe(1);
    const tab = await openTab(isolating);
    for (const threads of [1, 3]) {
      expect(await computeOn(tab, threads)).toEqual({ ...alone, threads });
    }
    await tab.route("**/kernel-worker*", (route) => route.abort());
    const [found, warning] = await Promise.all([
      computeOn(tab, 2),
      tab.waitForEvent("console", (message) => message.type() === "warning"),
    ]);
    expect(found).toEqual(alone);
    expect(warning.text()).toContain("on one thread");
    await expect(computeOn(tab, 0)).rejects.toThrow("a number of threads from 1, but got 0");
    await tab.close();
  });

  it("downloads weights once, and again when the server has others", async () => {
    const tab = await openTab();
    const loadOnce = async (): Promise<number> => {
      const before = downloads;
      const [loaded, total] = await tab.evaluate<[number, number]>(
        `(async () => {
          let last;
          const onProgress = (...bytes) => (last = bytes);
          await (await load("/mini/", { backend: "wasm", onProgress })).close();
          return last;
        })()`,
      );
      expect(loaded).toBe(total);
      return downloads - before;
    };
    await tab.evaluate(`caches.delete("flava")`);
    expect(await loadOnce()).toBe(1);
    expect(await loadOnce()).toBe(0);
    version = "second";
    expect(await loadOnce()).toBe(1);
    await tab.close();
  });

  it("decodes images to the pixels of Node, transparent ones on white", async () => {
    const [width, height] = [24, 16];
    const rgba = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 29) % 256);
    const file = await sharp(rgba, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
    const tab = await openTab();
    const found = await tab.evaluate<number[]>(
      `(async () => {
        const file = new Blob([new Uint8Array(${JSON.stringify([...file])})]);
        return [...(await decodeFile(file)).pixels];
      })()`,
    );
    await tab.close();
    const { pixels } = await decodeImage(file);
    expect(largest(found, Float32Array.from(pixels))).toBeLessThanOrEqual(1);
  });

  it("trains what Node loads with the same results, also on from a checkpoint with other threads, and its losses fall", async () => {
    const tab = await openTab(isolating);
    const found = await tab.evaluate<Trained>(
      `(async () => {
        const pairs = ${JSON.stringify(pairs)};
        const vocabulary = ${JSON.stringify(vocabulary)};
        const validation = pairs.slice(0, 3);
        const options = { vocabulary, recipe: ${JSON.stringify(recipe)}, validation };
        const entries = [];
        const onEntry = (entry) => entries.push(entry);
        let checkpoint;
        const onCheckpoint = (made) => (checkpoint = made.step === 30 ? made : checkpoint);
        const flava = await train({ pairs }, { ...options, threads: 1, onEntry, onCheckpoint });
        const [vector] = await flava.embedImages([pairs[0].image]);
        const later = [];
        const resumed = await train(
          { pairs },
          { ...options, threads: 2, checkpoint: structuredClone(checkpoint), onEntry: (entry) => later.push(entry) },
        );
        const [same] = await resumed.embedImages([pairs[0].image]);
        await resumed.close();
        const faults = [];
        const alike = pairs.map(({ image }) => ({ image, texts: ["an image"] }));
        for (const [given, from] of [[pairs.slice(1), checkpoint], [alike, undefined]])
          await train({ pairs: given }, { ...options, checkpoint: from }).catch(({ message }) => faults.push(message));
        const files = Object.entries(await flava.files());
        await flava.close();
        const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
        return { entries, later, faults, vector: [...vector], same: [...same], files: files.map(([name, bytes]) => [name, base64(bytes)]) };
      })()`,
    );
    await tab.close();
    const directory = join(folder, "trained");
    await mkdir(directory);
    for (const [name, content] of found.files) {
      await writeFile(join(directory, name), Buffer.from(content, "base64"));
    }
    await using flava = await load(directory, { backend: { name: inNode } });
    const { image } = pairs[0]!;
    const pixels = Uint8Array.from(image.data.filter((_, i) => i % 4 !== 3));
    expect(largest(found.vector, await flava.embedImages({ ...image, pixels }))).toBeLessThan(1e-5);
    for (const kind of ["training", "evaluation"]) {
      const entries = found.entries.filter((entry) => entry.kind === kind);
      const curve = entries.flatMap(({ scalars }) => scalars.mmmText ?? []);
      expect(curve).toHaveLength(3);
      expect(curve.at(-1)).toBeLessThan(0.8 * curve[0]!);
    }
    expect(found.same).toEqual(found.vector);
    expect(found.later).toEqual(found.entries.slice(-found.later.length));
    expect(found.later).toHaveLength(4);
    expect(found.faults).toEqual([
      expect.stringContaining("belongs to another run"),
      expect.stringContaining("nothing to tell them apart by"),
    ]);
    expect(found.entries.map(({ stage }) => stage)).toContain("codebook");
  });
});

const colors = ["black", "red", "green", "yellow", "blue", "pink", "cyan", "white"];
const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...colors].join("\n");

/** Eight images of one color each, named by it. */
const pairs = colors.map((name, i) => ({
  image: {
    ...{ width: 16, height: 16 },
    data: Array.from({ length: 16 * 16 * 4 }, (_, place) =>
      place % 4 === 3 || (i >> (place % 4)) % 2 === 1 ? 255 : 0,
    ),
  },
  texts: [name],
}));

/** A codebook, then all losses on pairs, with a small model. */
const recipe = {
  name: "colors",
  model: {
    from: "tiny",
    image: { size: 16, patch: 8, width: 32, hidden: 64, heads: 2, layers: 1 },
    text: { vocabulary: 13, width: 32, hidden: 64, heads: 2, layers: 1 },
    multimodal: { width: 32, hidden: 64, heads: 2, layers: 1 },
  },
  data: { captions: { lengths: [4], unit: "word" }, passages: { lengths: [4], unit: "piece" } },
  stages: [
    {
      ...{ kind: "codebook", steps: 2, batch: 8, rate: { peak: 1e-3 } },
      temperature: { from: 1, to: 0.5, over: 2 },
    },
    {
      ...{ kind: "pretraining", name: "joint", steps: 60, rate: { peak: 3e-3 } },
      batch: { pair: 8, image: 8, text: 8 },
      shares: { pair: 1, image: 0, text: 0 },
      from: [{ stage: "codebook", parts: ["codebook"] }],
      mismatched: 0,
      every: { log: 20, evaluate: 20, save: 30 },
    },
  ],
};

interface Entry {
  readonly kind: string;
  readonly stage: string;
  readonly scalars: Readonly<Record<string, number>>;
}

interface Trained {
  readonly entries: readonly Entry[];
  /** Those of a run that goes on from step 30. */
  readonly later: readonly Entry[];
  readonly faults: readonly string[];
  readonly vector: number[];
  readonly same: number[];
  readonly files: readonly (readonly [name: string, base64: string])[];
}

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
