/** Plasma's wallpapers (Debian package plasma-workspace-wallpapers): photographs and renders, as crops. */
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { foldIn, keyOf as randomKeyOf } from "flava/data";
import { filesUnder } from "../archive/files.js";
import type { LoneImage } from "../item.js";
import type { Packages } from "../packages.js";
import { crops } from "./crops.js";
import { keyOf, wordsOf } from "./prose.js";

const options = { count: 200, size: 160, from: 0.15, to: 0.9 };

/** Crops of each wallpaper; those of one wallpaper, by day or by night, are a group. */
export async function* wallpaperImages(packages: Packages): AsyncGenerator<LoneImage> {
  const directory = await packages.directory("plasma-workspace-wallpapers");
  if (directory === undefined) return;
  const folder = join(directory, "usr/share/wallpapers");
  for (const path of await largestOfEach(folder)) {
    const name = path.split("/")[0] ?? "";
    const stem = path.replace("/contents/", "/").replace(/\/[^/]+$/, "");
    const metadata = await readFile(join(folder, name, "metadata.json"), "utf8").catch(() => "{}");
    const license = licenseOf(JSON.parse(metadata));
    let index = 0;
    const key = foldIn(randomKeyOf(0), stem);
    for await (const file of crops(await readFile(join(folder, path)), key, options)) {
      yield {
        key: keyOf("wallpapers", `${stem}-${index++}`),
        source: "wallpapers",
        file,
        license,
        label: wordsOf(name),
        group: name,
      };
    }
  }
}

/** Each wallpaper comes in many sizes: for each folder of sizes, the path of the widest landscape format. */
async function largestOfEach(folder: string): Promise<string[]> {
  const largest = new Map<string, { path: string; pixels: number }>();
  for (const path of await filesUnder(folder)) {
    const [, width, height] =
      /\/images(?:_dark)?\/(\d+)x(\d+)\.(?:png|jpe?g|webp)$/.exec(path) ?? [];
    if (width === undefined || height === undefined) continue;
    const pixels = Number(width) * Number(height);
    if (pixels <= (largest.get(dirname(path))?.pixels ?? 0)) continue;
    if ((await stat(join(folder, path))).size > 0) largest.set(dirname(path), { path, pixels });
  }
  return [...largest.values()].map(({ path }) => path);
}

/** The license given in a wallpaper's metadata (KPlugin.License). */
export function licenseOf(metadata: unknown): string {
  const plugin = isRecord(metadata) && isRecord(metadata.KPlugin) ? metadata.KPlugin : {};
  return typeof plugin.License === "string" ? plugin.License : "see package";
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
