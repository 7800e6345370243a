/** A browser for tests of the web app. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

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
