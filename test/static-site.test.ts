/** The site that `flava app` writes, hosted by a plain web server and used in Chromium. */
import { spawnSync } from "node:child_process";
import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ServerType, createAdaptorServer } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load } from "../src/api/load.js";
import { accessFaults, findChromium, openBrowser, watchedPage } from "./browser.js";
import { builtPages, program } from "./build.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import { writeCheckpoint } from "./small-checkpoint.js";

const chromium = findChromium();
const folder = temporaryDirectory();
const [model, site, images] = ["model", "site", "my-images"].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const examples = join(import.meta.dirname, "..", "app", "public", "examples");

const flavaApp = (): { status: number | null; stderr: string } =>
  spawnSync(process.execPath, [program, "app", site, "--model", model], { encoding: "utf8" });

beforeAll(async () => {
  builtPages(); // which flava app copies
  await writeCheckpoint(model);
  expect(flavaApp()).toMatchObject({ status: 0 });
  await cp(examples, images, { recursive: true });
  await mkdir(join(images, "more"));
  await cp(join(examples, "cat.webp"), join(images, "more", "again.webp"));
  await writeFile(join(images, "damaged.png"), "no image");
  await writeFile(join(images, "notes.txt"), "no image either");
});

it("has no file that none of its pages uses", async () => {
  const assets = await readdir(join(site, "assets"));
  const texts = await Promise.all(
    ["index.html", ...assets.map((name) => join("assets", name))].map((name) =>
      readFile(join(site, name), "latin1"),
    ),
  );
  expect(assets.filter((name) => !texts.some((text) => text.includes(name)))).toEqual([]);
});

it("is written once, whole, and never over other files", async () => {
  expect(await readdir(site)).toEqual(expect.arrayContaining(["index.html", "assets", "model"]));
  expect(await readFile(join(site, "index.html"), "utf8")).toContain("default-src 'self'");
  const { status, stderr } = flavaApp();
  expect([status, stderr]).toEqual([1, expect.stringContaining("Remove them, or name a new")]);
});

describe.skipIf(chromium === undefined)("in Chromium", () => {
  let server: ServerType;
  let browser: Browser;
  let page: Page;
  let origin: string;
  /** Whatever must not happen: errors on the console, uploads, requests to other hosts. */
  let faults: string[] = [];

  beforeAll(async () => {
    const headers = await hostedHeaders();
    const app = new Hono()
      .use("/isolated/*", async ({ header }, next) => {
        await next();
        for (const [name, value] of headers) header(name, value);
      })
      .use("/:place/*", serveStatic({ root: folder, rewriteRequestPath: ofSite }));
    server = createAdaptorServer({ fetch: app.fetch });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await openBrowser(chromium!);
    ({ page, faults } = await watchedPage(browser, origin, false));
    page.setDefaultTimeout(20_000);
    await page.goto(`${origin}/below/`);
  });
  afterAll(async () => {
    await browser.close();
    server.close();
    expect(faults).toEqual([]);
  });
  const hits = (): Locator => page.locator("ol.gallery li");
  const drop = async (...names: readonly string[]): Promise<void> => {
    const dataTransfer = await page.evaluateHandle(
      `(() => { const data = new DataTransfer();
        for (const name of ${JSON.stringify(names)}) data.items.add(new File(["no"], name));
        return data; })()`,
    );
    await page.locator(".drop").first().dispatchEvent("drop", { dataTransfer });
  };
  const choose = (): Promise<void> =>
    page.locator("input[type=file]").first().setInputFiles(images);

  it("searches a folder by text and by image, with the similarities of Node", async () => {
    await choose();
    await page.getByText("7 images to search").waitFor();
    for (const [summary, name] of [
      ["Left out: 1 file that cannot be decoded", "my-images/damaged.png"],
      ["Left out: 1 file that is not an image", "my-images/notes.txt"],
    ] as const) {
      await page.getByText(summary).press("Enter");
      expect(await page.getByText(name, { exact: true }).isVisible()).toBe(true);
    }
    await page.getByLabel("Text").fill("a cat");
    await page.getByText("The 7 nearest").waitFor();
    await using flava = await load(model);
    const [text] = await flava.embedTexts(["a cat"]);
    const names = (await readdir(examples)).toSorted();
    const vectors = await flava.embedImages(names.map((name) => join(examples, name)));
    for (const [index, name] of names.entries()) {
      const found = await hits().filter({ hasText: name }).innerText();
      const expected = vectors[index]!.reduce((sum, value, i) => sum + value * text![i]!, 0);
      expect(Number(/-?\d\.\d{3}/.exec(found)![0])).toBeCloseTo(expected, 2);
    }
    await page.getByRole("button", { name: "Similar to cat.webp" }).press("Enter");
    await expect.poll(() => hits().first().innerText()).toMatch(/1\.000/);
    const nearest = await Promise.all([0, 1].map((place) => hits().nth(place).innerText()));
    expect(nearest.map((each) => each.split("\n")[0]).toSorted()).toEqual([
      "again.webp",
      "cat.webp",
    ]);
    await expect.poll(() => accessFaults(page), { timeout: 40_000 }).toEqual([]); // dimmed while renewed
  });

  it("takes no image of another folder for the one of the same name that others are to be like", async () => {
    const other = join(folder, "other", "my-images");
    await mkdir(other, { recursive: true });
    await cp(join(examples, "cat.webp"), join(other, "heart.webp"));
    await cp(join(examples, "heart.webp"), join(other, "cat.webp"));
    await page.locator("input[type=file]").first().setInputFiles(other);
    await page.getByText("2 images to search").waitFor();
    for (const text of ["a cat", ""]) {
      await page.getByLabel("Text").fill(text);
      await expect.poll(() => hits().first().innerText()).toMatch(/^heart\.webp/);
    }
    await expect.poll(() => hits().first().innerText()).toMatch(/^heart\.webp[^]*1\.000/);
  });

  it("keeps embeddings between visits until it is told to forget them", async () => {
    await page.reload();
    await choose();
    await page.getByText("7 images to search, 7 of them known from before").waitFor();
    await page.getByRole("button", { name: "Forget them" }).press("Enter");
    await page.getByText("This browser keeps").waitFor({ state: "detached" });
    await choose();
    await page.getByText("7 images to search").waitFor();
    await page.getByText("known from before").waitFor({ state: "detached" });
  });

  it("stops when asked to, and goes on from there", async () => {
    const many = join(folder, "many");
    await mkdir(many);
    for (let i = 0; i < 150; i++) await cp(join(examples, "cat.webp"), join(many, `${i}.webp`));
    await page.locator("input[type=file]").first().setInputFiles(many);
    await page.getByRole("button", { name: "Cancel" }).press("Enter");
    const goOn = page.getByRole("button", { name: "Go on" });
    await goOn.press("Enter");
    await page.getByText("150 images to search").waitFor();
  });

  it("says what computes: one thread, and several where the host sends the headers of the site", async () => {
    await page.getByText("by WebAssembly on one thread; more need").waitFor();
    const isolated = await watchedPage(browser, origin, false);
    await isolated.page.goto(`${origin}/isolated/`);
    await isolated.page.getByText(/by WebAssembly on (\d+ threads|one thread)\.$/).waitFor();
    expect(await isolated.page.evaluate("crossOriginIsolated")).toBe(true);
    await isolated.page.close();
    expect(isolated.faults).toEqual([]);
  });

  it("says that the model has stopped, and goes on when it is loaded again", async () => {
    const stopAt = async (next: () => Promise<void>): Promise<void> => {
      const worker = page.workers().find((each) => each.url().includes("model-worker"))!;
      await worker.evaluate(`onmessage = () => { throw new Error("gone"); }`);
      await next();
      await page.getByText("The model in this tab has stopped: Uncaught Error: gone").waitFor();
      await page.getByRole("button", { name: "Load the model again" }).press("Enter");
    };
    await page.getByRole("button", { name: "Forget them" }).press("Enter");
    await page.getByText("This browser keeps").waitFor({ state: "detached" });
    await stopAt(choose);
    await page.getByRole("button", { name: "Go on" }).press("Enter");
    await page.getByText("7 images to search").waitFor();
    await stopAt(() => page.getByLabel("Text").fill("a cat"));
    await page.getByText("The 7 nearest").waitFor();
    expect(await page.getByText("7 images to search").innerText()).toBe("7 images to search");
  });

  it("takes dropped files in place of those before, and ignores what is no file", async () => {
    for (const made of [`new File(["no"], "dropped.png")`, `"a text", "text/plain"`]) {
      const data = await page.evaluateHandle(
        `(() => { const data = new DataTransfer(); data.items.add(${made}); return data; })()`,
      );
      await page.locator(".drop").first().dispatchEvent("drop", { dataTransfer: data });
      await page.getByText("0 images to search").waitFor();
    }
    await page.getByText("1 file that cannot be decoded").waitFor();
  });

  it("classifies an image by labels", async () => {
    await page.getByRole("link", { name: "Classify here" }).click();
    await page.getByRole("button", { name: "Example: heart" }).press("Enter");
    const bars = page.getByRole("list", { name: "Probabilities of the labels" });
    await expect.poll(() => bars.getByRole("listitem").count()).toBe(6);
    const upload = { name: "a.png", mimeType: "image/png", buffer: Buffer.from("no") };
    await page.locator("input[type=file]").setInputFiles(upload);
    await page.getByText("This browser cannot decode the image.").waitFor();
    await drop("a.png", "b.png", "c.txt");
    await page.getByText("this is a.png, and the other 2 were left out.").waitFor();
    await drop("c.txt", "d.pdf");
    await page.getByText("None of the 2 files is an image; the first is c.txt.").waitFor();
  });
});

const ofSite = (path: string): string => path.replace(/^\/\w+\//, "/site/");

/** The headers that hosts send who read the file `_headers`. */
async function hostedHeaders(): Promise<[name: string, value: string][]> {
  const [, ...lines] = (await readFile(join(site, "_headers"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => line.trim().split(": ") as [string, string]);
}
