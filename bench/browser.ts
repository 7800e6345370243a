/** `flava/browser` in Chromium, on one thread of WebAssembly: how soon a fresh tab classifies with the model that ships. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { type PreviewServer, preview } from "vite";
import { packagePath } from "../src/base/package-root.js";
import { builtModule, bundlePage } from "../test/browser-page.js";
import { findChromium, openBrowser } from "../test/browser.js";
import { median } from "./measure.js";

/** Milliseconds of one tab. */
interface Tab {
  /** From the end of the download to the first classification. */
  readonly first: number;
  /** Later classifications by the same labels, whose embeddings are known. */
  readonly known: readonly number[];
  /** By labels that are new. */
  readonly unknown: readonly number[];
}

export interface BrowserRow {
  readonly label: string;
  readonly milliseconds: number;
  /** Milliseconds at most. */
  readonly bar: number;
  readonly holds: boolean;
}

const tabs = 5;

/** Runs in the page: `load` as a user calls it, an image of the size of a photograph on a page, five labels. */
const script = `(async () => {
  const data = Uint8ClampedArray.from({ length: 640 * 480 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251));
  const image = { width: 640, height: 480, data };
  const labels = ["heart", "arrow", "house", "tree", "cat"];
  const flava = await load("/mini/", { backend: "wasm", threads: 1 });
  await flava.classify(image, labels);
  const [{ responseEnd }] = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("model.safetensors"));
  const first = performance.now() - responseEnd;
  const timed = async (labelsOf) => {
    const times = [];
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      await flava.classify(image, labelsOf(i));
      times.push(performance.now() - start);
    }
    return times;
  };
  const known = await timed(() => labels);
  const unknown = await timed((i) => labels.map((label) => label + " " + i));
  await flava.close();
  return { first, known, unknown };
})()`;

/** Prints and returns medians over fresh tabs, each with an empty cache. */
export async function benchBrowser(): Promise<BrowserRow[]> {
  const chromium = findChromium();
  if (chromium === undefined)
    throw new Error("This needs Chromium: .ci/debian-packages.sh installs it.");
  if (!existsSync(packagePath("dist", "src", "browser.js")))
    throw new Error("The package is not built: run `npm run build` first.");
  const folder = await mkdtemp(join(tmpdir(), "flava-browser-"));
  try {
    const server = await servePage(folder);
    const browser = await openBrowser(chromium);
    const found: Tab[] = [];
    for (let i = 0; i < tabs; i++) found.push(await measureTab(browser, server));
    await browser.close();
    await server.close();
    return printed(found);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Serves a page with `flava/browser`, and the models that ship. */
async function servePage(folder: string): Promise<PreviewServer> {
  const entry = builtModule("browser.js");
  const script = `import { load } from ${entry}; globalThis.load = load;`;
  const bundle = await bundlePage(folder, script, packagePath("models"));
  return preview({
    ...{ root: folder, logLevel: "error" },
    build: { outDir: bundle },
    preview: { port: 0, host: "127.0.0.1" },
  });
}

async function measureTab(browser: Browser, server: PreviewServer): Promise<Tab> {
  const context = await browser.newContext(); // with caches of its own
  const tab = await context.newPage();
  await tab.goto(server.resolvedUrls!.local[0]!);
  const found = await tab.evaluate<Tab>(script);
  await context.close();
  return found;
}

function printed(found: readonly Tab[]): BrowserRow[] {
  const row = (label: string, milliseconds: number, bar: number): BrowserRow => ({
    ...{ label, milliseconds, bar },
    holds: milliseconds <= bar,
  });
  const rows = [
    row(
      "from the download's end to the first classification",
      median(found.map((tab) => tab.first)),
      3000,
    ),
    row("classify, the same labels again", median(found.flatMap((tab) => tab.known)), 100),
    row("classify, five new labels", median(found.flatMap((tab) => tab.unknown)), 100),
  ];
  for (const { label, milliseconds, bar, holds } of rows) {
    console.log(
      `${label.padEnd(52)} ${milliseconds.toFixed(0).padStart(6)} ms  <= ${bar} ms${holds ? "" : "  MISSED"}`,
    );
  }
  return rows;
}
