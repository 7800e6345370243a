/** The web app in a real browser, on the shipped model. */
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { extract } from "tar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Flava } from "../src/api/flava.js";
import { load } from "../src/api/load.js";
import { type Server, createServer } from "../src/serve/server.js";
import { ApiKeys } from "../src/serve/http/api-keys.js";
import { withRunLock } from "../src/train/run/run-lock.js";
import { accessFaults, findChromium, openBrowser, watchedPage } from "./browser.js";
import { builtPages } from "./build.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import {
  startRun,
  writeComparison,
  writeEvaluation,
  writeIndex,
  writeSuite,
} from "./web-app-data.js";

const chromium = findChromium();
if (chromium === undefined) console.log("No Chromium is installed: the web app is not tested.");
const root = join(import.meta.dirname, "..");
const directory = temporaryDirectory();
const pages = [
  "search",
  "classify",
  "match",
  "fill",
  "training",
  "evaluation",
  "model",
  "search-here",
  "classify-here",
  "train-here",
];

describe.skipIf(chromium === undefined)("the web app", () => {
  let flava: Flava;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let url: string;
  let logStep: Awaited<ReturnType<typeof startRun>>;
  /** Whatever must not happen: errors on the console, requests to other hosts. */
  let faults: string[] = [];

  beforeAll(async () => {
    flava = await load();
    logStep = await startRun(join(directory, "run"));
    await writeSuite(join(directory, "suite"));
    await writeComparison(join(directory, "comparison"));
    await writeEvaluation(join(directory, "sets"), flava);
    const index = join(directory, "index");
    await writeIndex(index, flava);
    server = await createServer({
      models: { mini: () => Promise.resolve(flava) },
      index,
      runs: directory,
      pages: builtPages(),
    });
    url = await server.listen({ port: 0 });
    browser = await openBrowser(chromium!);
    ({ page, faults } = await watchedPage(browser, url));
    page.setDefaultTimeout(10_000);
    await page.goto(url);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    expect(faults).toEqual([]);
  });

  /** Opens a page that knows of nothing that came before. */
  const open = async (name: string): Promise<void> => {
    await page.goto("about:blank");
    await page.goto(`${url}/#/${name}`);
    await page.locator(`main.page-${name.split("/")[0]} h1`).waitFor();
  };
  const bars = (name: string): Locator => page.getByRole("list", { name }).getByRole("listitem");
  const press = (...keys: string[]): Promise<void> =>
    keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

  it("comes with a policy that allows nothing from elsewhere, and isolates its pages", async () => {
    const { headers } = await fetch(url);
    const policy = headers.get("content-security-policy");
    expect(policy).toMatch(/^default-src 'self';/);
    expect(policy?.replace("'wasm-unsafe-eval'", "")).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    const api = await fetch(`${url}/v1/models`); // other origins may use it
    expect([...api.headers.keys()].filter((name) => name.startsWith("cross-origin"))).toEqual([]);
  });

  it("searches by text, by what is like a result, and with a filter", async () => {
    await open("search");
    await page.getByText("What are you looking for?").waitFor();
    const results = page.locator("ol.gallery li");
    await page.getByLabel("Text").fill("brain icon");
    await expectFirst(results, /^brain/);
    const third = (await results.nth(2).innerText()).split("\n")[0]!;
    const asked = page.waitForRequest(/v1\/search$/);
    await results
      .nth(2)
      .getByRole("button", { name: /^Similar to/ })
      .click();
    expect((await asked).postDataJSON()).toMatchObject({
      similar_to: expect.any(String) as string,
    });
    await eventually(() => page.getByAltText(third, { exact: true }).count()).toBe(1); // the one that is chosen
    expect(await page.getByRole("group", { name: "Image" }).getByRole("img").count()).toBe(1);
    await page.getByLabel("Filter").fill("text=nothing, at all");
    await press("Enter");
    await page.getByText("Nothing passes the filter.").waitFor();
    await page.getByRole("button", { name: "Remove text=nothing, at all" }).click();
    await eventually(() => results.count()).toBe(48);
  });

  it("weighs a text against an image, and re-ranks what it finds", async () => {
    await open("search");
    await page.getByRole("button", { name: "Example: heart" }).click();
    await page.getByLabel("Text").fill("brain icon");
    await page.getByRole("slider", { name: "Weight of the image" }).focus();
    await press("Home");
    await expectFirst(page.locator("ol.gallery li"), /^brain/);
    await page.getByRole("checkbox", { name: "Re-rank the first 20" }).press("Space");
    await page.getByText("the first 20 by how they match the text").waitFor();
    await expectFirst(page.locator("ol.gallery li"), /\n\d+\.\d %/);
  });

  it("asks again once the server answers again, and keeps its fields while another page is shown", async () => {
    await open("search");
    const results = page.locator("ol.gallery li");
    await page.route("**/v1/search", (route) => route.abort("connectionrefused"));
    await page.getByLabel("Text").fill("brain icon");
    await page.getByText("The server does not answer.").waitFor();
    expect(faults.splice(0)).toEqual([expect.stringContaining("ERR_CONNECTION_REFUSED")]);
    await page.unroute("**/v1/search");
    await page.getByRole("button", { name: "Try again" }).click();
    await expectFirst(results, /^brain/);
    await page.getByRole("link", { name: "Model" }).click();
    await page.getByRole("heading", { name: "Model" }).waitFor();
    await page.goBack();
    await expectFirst(results, /^brain/);
    expect(await page.getByLabel("Text").inputValue()).toBe("brain icon");
  });

  it("names the files of a folder, whose name is the label of all of them", async () => {
    await open("search");
    const found = ["beach", "harbor"].map((name) => ({
      ...{ key: `2023/${name}`, path: `/photos/2023/${name}.jpg`, label: "2023", similarity: 0.5 },
    }));
    await page.route("**/v1/search", (route) => route.fulfill({ json: { data: found } }));
    await page.getByLabel("Text").fill("the sea");
    const names = page.locator("ol.gallery .name");
    await eventually(() => names.allInnerTexts()).toEqual(["2023, beach.jpg", "2023, harbor.jpg"]);
    expect(await names.first().getAttribute("title")).toBe("/photos/2023/beach.jpg");
    await page.unroute("**/v1/search");
  });

  it("classifies by keyboard alone", async () => {
    await open("classify");
    await page.getByText("No image yet").waitFor();
    await page.getByRole("button", { name: "Example: camera" }).focus();
    await press("Enter");
    await eventually(() => bars("Probabilities of the labels").count()).toBe(6);
    expect(await bars("Probabilities of the labels").first().innerText()).toMatch(/^camera/);
    await page.getByRole("textbox", { name: "Labels" }).focus();
    await page.keyboard.type("calculator,");
    await eventually(() => bars("Probabilities of the labels").count()).toBe(7);
    await press("Backspace", "Escape");
    await eventually(() => bars("Probabilities of the labels").count()).toBe(6);
    await page.keyboard.type(" ");
    const again = page.getByText("Not added again");
    expect(await again.count()).toBe(0);
    await page.getByRole("textbox", { name: "Labels" }).fill("camera,");
    expect(await again.innerText()).toContain("“camera”");
    await page.getByRole("textbox", { name: "Labels" }).fill(`${"long".repeat(100)},`);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(
      page.viewportSize()!.width,
    );
  });

  it("classifies a file, and says what is wrong with one that is no image", async () => {
    await open("classify");
    const upload = page.locator("input[type=file]");
    await upload.setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("no") });
    expect(await page.getByRole("alert").innerText()).toMatch(/^A file .* supported formats/);
    expect(faults.splice(0)).toEqual([expect.stringContaining("415")]);
    await upload.setInputFiles(join(root, "app", "public", "examples", "heart.webp"));
    await eventually(() => bars("Probabilities of the labels").first().innerText()).toMatch(
      /^heart/,
    );
  });

  it("matches images with texts", async () => {
    await open("match");
    for (const name of ["heart", "bicycle"])
      await page.getByRole("button", { name: `Example: ${name}` }).click();
    await page.getByLabel("Texts").fill("an icon of a heart\nan icon of a bicycle");
    await page.evaluate(pasteCells);
    await eventually(() => page.locator(".match-grid tbody td").count()).toBe(4);
    await eventually(() => page.locator(".match-grid tbody td.best").count()).toBe(2);
    const row = page.getByRole("row", { name: /an icon of a heart 9\d % best/ });
    expect(await row.count()).toBe(1);
    const [broken, other] = ["broken.png", "notes.txt"].map((name) => ({
      ...{ name, mimeType: name.endsWith("png") ? "image/png" : "text/plain" },
      buffer: Buffer.from("no"),
    }));
    await page.locator("input[type=file]").setInputFiles([broken!, other!]);
    await page.getByText("Left out, as it is not an image: notes.txt.").waitFor();
    await page.getByText(/^broken: A file that begins with/).waitFor();
    expect(faults.splice(0)).toEqual([expect.stringContaining("415")]);
  });

  it("fills hidden patches and words", async () => {
    await open("fill");
    await page.getByRole("button", { name: "Example: camera" }).click();
    const drawn = page.getByAltText("camera, as completed by the model");
    const before = await drawn.getAttribute("src");
    expect(await bars("Candidates for mask 1").first().innerText()).toMatch(/^camera/);
    await page.getByRole("button", { name: "Row 1, column 1" }).focus();
    await press("ArrowRight", "ArrowDown", "Space");
    await page.getByText("What the model sees: 47 of 64 patches").waitFor();
    await eventually(() => drawn.getAttribute("src")).not.toBe(before);
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByText("Nothing is hidden").waitFor();
    await page.getByLabel("Sentence").fill("no mask");
    await page.getByText("No hidden word").waitFor();
    await page.getByRole("button", { name: "Insert [MASK]" }).click();
    await eventually(() => bars("Candidates for mask 1").count()).toBe(5);
  });

  it("follows a run in progress", async () => {
    await withRunLock(join(directory, "run"), async () => {
      await open("training");
      await page.getByText("step 20 of 50").waitFor();
      await page.getByText("joint not started").waitFor();
      const curve = page.getByRole("img", { name: /^Curve of mlm/ });
      expect(await curve.getAttribute("aria-label")).toMatch(/training 8, baseline 10.33$/);
      await logStep(21, 4.321);
      await eventually(() => curve.getAttribute("aria-label")).toMatch(/training 4.321/);
      await page.getByText("step 21 of 50").waitFor();
      expect(await page.getByAltText("Images above their").evaluate(widthOf)).toBe(64);
    });
  });

  it("shows evaluations: the paper's table, and mistakes with their images", async () => {
    await open("evaluation/suite");
    await eventually(() => page.locator("tbody tr").count()).toBe(41 + 4);
    await page.getByLabel("Evaluation").selectOption("sets");
    await page.getByRole("heading", { name: "zero-shot-ph" }).waitFor();
    const mistakes = page.locator("h3:text-is('Mistakes') + ul img");
    expect(await mistakes.count()).toBe(12);
    expect(await mistakes.first().evaluate(widthOf)).toBeGreaterThan(0);
    await page.getByLabel("Evaluation").selectOption("comparison");
    const rows = page.locator("tbody tr");
    await eventually(() => rows.count()).toBe(2 + 1);
    expect(await rows.nth(1).locator("th, td").allInnerTexts()).toEqual(
      ["FLAVA", "39.24 ± 0.61", "79.44"], // of averages that nothing has, there are no columns
    );
    expect(await rows.nth(2).locator("td").first().innerText()).toBe("+1.19 ± 1.96");
  });

  it("computes in the tab on one thread per core", async () => {
    await open("classify-here");
    const cores = await page.evaluate<number>("navigator.hardwareConcurrency");
    await page
      .getByText(`by WebAssembly on ${cores === 1 ? "one thread" : `${cores} threads`}.`)
      .waitFor({ timeout: 30_000 });
  });

  it(
    "trains on a folder in the tab, by keyboard and on after a reload, what Node loads",
    { timeout: 60_000 },
    async () => {
      const images = join(directory, "my-images");
      await mkdir(images);
      for (const name of ["cat", "heart", "house"]) {
        const example = join(root, "app", "public", "examples", `${name}.webp`);
        await copyFile(example, join(images, `${name}-1.webp`));
      }
      await writeFile(join(images, "cat-1.txt"), "a cat\na drawing of a cat\n");
      await writeFile(join(images, "heart-1.txt"), "a red heart on white ground ".repeat(8));
      await writeFile(join(images, "damaged.png"), "no image");
      await writeFile(join(images, "notes.md"), "neither");
      await open("train-here");
      await page.getByText("No images yet").waitFor();
      await page.locator("input[type=file]").setInputFiles(images);
      await page.getByText("4 images, such as “a cat”.").waitFor();
      await page.getByText("Left out: 1 file that is neither an image nor its text").waitFor();
      await page.getByRole("button", { name: "Train" }).focus();
      await press("Enter");
      await page.getByText("Left out: 1 file that cannot be decoded").press("Enter");
      await page.getByText("damaged.png", { exact: true }).waitFor();
      await page.getByText("1 of 4 captions is longer than 24 tokens and cut there").waitFor();
      await page.getByRole("heading", { name: "codebook" }).waitFor(); // its first steps are done
      await page.getByRole("button", { name: "Pause" }).press("Enter");
      await page.getByText(/A run is kept in this browser, at step \d+ of stage \w+/).waitFor();
      await page.reload();
      await page.getByText("Choose its folder again to go on.").waitFor();
      const other = join(root, "app", "public", "examples");
      await page.locator("input[type=file]").setInputFiles(other);
      await page.getByText("These are not the images").waitFor();
      await page.locator("input[type=file]").setInputFiles(images);
      await page.getByRole("button", { name: "Go on" }).press("Enter");
      const leave = `dispatchEvent(new Event("beforeunload", { cancelable: true }))`;
      expect(await page.evaluate(leave)).toBe(false); // the browser asks
      await page.getByRole("link", { name: "Model" }).click();
      await page.getByRole("heading", { name: "flava mini" }).waitFor();
      await page.getByRole("link", { name: "Train here" }).click();
      await page.getByText("4 images, such as “a cat”.").waitFor();
      const button = page.getByRole("button", { name: "Download the model" });
      await button.waitFor({ timeout: 40_000 });
      const curve = page.getByRole("img", { name: "Curve of joint: loss" });
      expect(await curve.getAttribute("aria-label")).toMatch(/at the end: training \d/);
      await button.focus();
      const [download] = await Promise.all([page.waitForEvent("download"), press("Enter")]);
      const model = join(directory, "my-model");
      await mkdir(model);
      await extract({ file: await download.path(), cwd: model });
      await page.getByText("A run is kept in this browser").waitFor({ state: "detached" });
      await using trained = await load(model);
      expect(await trained.embedTexts("a cat")).toHaveLength(64);
    },
  );

  it("shows the model's card", async () => {
    await open("model");
    await page.getByRole("heading", { name: "flava mini" }).waitFor();
    const { parameters } = (await (await fetch(`${url}/v1/models/mini/card`)).json()) as {
      parameters: number;
    };
    await page.getByText(parameters.toLocaleString("en")).first().waitFor();
    expect(await readFile(join(root, "models", "mini", "README.md"), "utf8")).toContain(
      await page.locator(".markdown p").first().locator("code").first().innerText(),
    );
  });

  it("hands the model to the pages that compute in the tab, and no other file", async () => {
    const config = await (await fetch(`${url}/model/config.json`)).json();
    expect(config).toMatchObject({ model_type: "flava" });
    const { headers } = await fetch(`${url}/model/model.safetensors`, { method: "HEAD" });
    const { size } = await stat(join(root, "models", "mini", "model.safetensors"));
    expect(headers.get("content-length")).toBe(String(size));
    expect(headers.get("etag")).toBeTruthy();
    for (const name of ["README.md", "..%2Fmini%2Fconfig.json", "tokenizer.json"])
      expect((await fetch(`${url}/model/${name}`)).status).toBe(404);
  });

  it("asks for a key where the server does, which then keeps its model", async () => {
    const locked = await createServer({
      models: { mini: () => Promise.resolve(flava) },
      pages: builtPages(),
      keys: ApiKeys.parse("secret", "a test"),
    });
    const tab = await browser.newPage();
    await tab.goto(`${await locked.listen({ port: 0 })}/#/model`);
    await tab.getByLabel("API key").fill("secret");
    await tab.keyboard.press("Enter");
    await tab.getByRole("heading", { name: "flava mini" }).waitFor();
    expect((await tab.request.get(new URL("/model/config.json", tab.url()).href)).status()).toBe(
      404,
    );
    await tab.close();
  });

  it.each(pages)(
    "%s: nothing that axe-core finds serious, light or dark; fits a phone",
    async (name) => {
      await open(name);
      for (const example of await page.getByRole("button", { name: /^Example/ }).all())
        await example.click();
      if (name === "match") await page.locator(".match-grid td.best").first().waitFor();
      await page.waitForLoadState("networkidle");
      // An answer that is being renewed is dimmed meanwhile; true faults stay.
      await expect.poll(() => accessFaults(page), { timeout: 40_000 }).toEqual([]);
    },
  );
});

const expectFirst = (results: Locator, text: RegExp): Promise<void> =>
  eventually(() => results.first().innerText()).toMatch(text);

/** Like `expect`, of what a page shows after a while. */
const eventually = <Value>(value: () => Promise<Value>) => expect.poll(value, { timeout: 10_000 });

/** Runs in the page: pastes what a spreadsheet copies, a text and a picture of it, into the field for several lines. */
const pasteCells = `{
  const clipboardData = new DataTransfer();
  for (const type of ["text/plain", "text/html"]) clipboardData.setData(type, "a cat");
  clipboardData.items.add(new File(["picture"], "image.png", { type: "image/png" }));
  const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true });
  document.querySelector("textarea").dispatchEvent(paste);
}`;

const widthOf = (image: unknown): number => (image as { naturalWidth: number }).naturalWidth;
