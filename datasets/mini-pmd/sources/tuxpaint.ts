/** Tux Paint's stamps (Debian package tuxpaint-stamps-default): photographs and cartoons with an English sentence. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "../archive/files.js";
import type { Item } from "../item.js";
import type { Packages } from "../packages.js";
import { fittedDrawing } from "./fitted.js";
import { collapse, conceptOf, cut, distinct, keyOf, sentencesOf, wordsOf } from "./prose.js";

const set = "tuxpaint";
const license = "GPL-2";

/** Photographs of unnamed people, and stamps whose sentence does not say what they show. */
const excluded =
  /^people\/(?:fireman|body_parts\/eye\.)|^military\/(?:fireman|paratrooper|final-roll-call)|football_helmet|_mirror\./;

/** Pairs of stamps and sentences; the first sentence names what the stamp shows, others may add to it. */
export async function* stampItems(packages: Packages): AsyncGenerator<Item> {
  const directory = await packages.directory("tuxpaint-stamps-default");
  if (directory === undefined) return;
  const folder = join(directory, "usr/share/tuxpaint/stamps");
  const paths = await filesUnder(folder);
  const all = new Set(paths);
  for (const path of paths) {
    const stem = path.replace(/\.(?:png|svg)$/, "");
    const text = `${stem}.txt`;
    if (stem === path || excluded.test(path) || !all.has(text)) continue;
    if (path.endsWith(".png") && all.has(`${stem}.svg`)) continue; // the same drawing in pixels
    const item = stampItem(path, await readFile(join(folder, text), "utf8"));
    if (item === undefined) continue;
    const drawing = await fittedDrawing(path, await readFile(join(folder, path)));
    if (drawing !== undefined) yield { ...item, drawing };
  }
}

/**
 * The item of a stamp, without its image.
 * @param path such as "animals/birds/cartoon/owl.svg"
 * @param text the file of its sentences: English in the first line, then one language per line
 */
export function stampItem(path: string, text: string): Omit<Item, "drawing"> | undefined {
  const sentence = collapse(text.split("\n")[0] ?? "");
  const [first] = sentencesOf(sentence);
  if (first === undefined || sentence.includes(".utf8=")) return undefined;
  const folders = path.split("/").slice(0, -1);
  const words = folders.map(wordsOf).filter((word) => !["cartoon", ""].includes(word));
  const cartoon = folders.includes("cartoon");
  return {
    key: keyOf(set, path.replace(/\.(\w+)$/, "-$1")),
    source: "stamps",
    set,
    family: set,
    concept: conceptOf(first),
    captions: distinct([first, cut(sentence), conceptOf(first), fileNameOf(path, first)]),
    license,
    category: words[0] ?? "",
    ...(cartoon ? { style: "cartoon" } : {}),
    tags: distinct(words),
  };
}

/** For imperative sentences ("Eat your broccoli!") the file names the thing; some files have Malayalam in their place. */
function fileNameOf(path: string, sentence: string): string | undefined {
  if (/^(?:An?|The|Some|Two|Our)\s/.test(sentence) || path.startsWith("plants/")) return undefined;
  const words = wordsOf((path.split("/").at(-1) ?? "").replace(/\.\w+$/, "")).split(" ");
  const whole = words.filter((word) => word.length > 2);
  return whole.length === 0 || whole.length > 3 ? undefined : whole.join(" ");
}
