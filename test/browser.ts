/** A browser for tests of the web app. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import axe from "axe-core";
import { type Browser, type Page, chromium } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The path of an installed Chromium; undefined if there is none. */
export function findChromium(): string | undefined {
  const directories = (process.env.PATH ?? "").split(delimiter);
  return directories.flatMap((path) => names.map((name) => join(path, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param flags more of Chromium's flags */
export const openBrowser = (
  executablePath: string,
  flags: readonly string[] = [],
): Promise<Browser> =>
  chromium.launch({
    executablePath,
    // Chromium refuses to run as root without this one.
    args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), ...flags],
  });

/**
 * A new page, and whatever must not happen on it, as it happens: errors and warnings on the console, and requests to other hosts
 * than `origin` or, if `uploads` is false, that send something.
 */
export async function watchedPage(
  browser: Browser,
  origin: string,
  uploads = true,
): Promise<{ readonly page: Page; readonly faults: string[] }> {
  const faults: string[] = [];
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const { protocol, origin: to } = new URL(request.url());
    const isHere = to === origin || protocol === "data:";
    if (!isHere || (!uploads && request.method() === "POST"))
      faults.push(`request to ${request.url()}`);
  });
  return { page, faults };
}

/** What axe-core finds serious on a page, light or dark, and whether it is wider than a phone; empty if all is well. */
export async function accessFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const faults: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    faults.push(...(await page.evaluate<string[]>(audit)));
  }
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 360, height: 800 });
  await page.waitForTimeout(100);
  const width = await page.evaluate<number>("document.documentElement.scrollWidth");
  if (width > 360) faults.push(`it is ${width} pixels wide on a phone of 360`);
  await page.setViewportSize(size);
  return faults;
}

/** Runs in the page: the serious faults in words. */
const audit = `axe.run().then(({ violations }) => violations
  .filter(({ impact }) => ["serious", "critical"].includes(impact))
  .map(({ id, nodes }) => id + ": " + nodes[0].html))`;
