import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { blocks, ProseSieve } from "./prose.js";
import { readCharacterVectors } from "./r-data.js";

/** Six novels (package r-cran-janeaustenr), one document per chapter. */
export async function* janeAustenTexts(packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory("r-cran-janeaustenr");
  if (directory === undefined) return;
  const folder = join(directory, "usr/lib/R/site-library/janeaustenr/data");
  const index = await readFile(join(folder, "Rdata.rdx"));
  const novels = readCharacterVectors(index, await readFile(join(folder, "Rdata.rdb")));
  const sieve = new ProseSieve(4);
  for (const [novel, lines] of novels) {
    for (const [number, chapter] of chapters(lines).entries()) {
      const parts = { source: "jane-austen", license: "public domain" };
      const paragraphs = sieve.keep(blocks(chapter.join("\n")));
      const document = documentOf({ ...parts, key: `${novel}-${number}`, paragraphs });
      if (document) yield document;
    }
  }
}

/** The lines between headings "Chapter I" or "CHAPTER 1". */
export function chapters(lines: readonly string[]): string[][] {
  const found: string[][] = [[]];
  for (const line of lines) {
    if (/^\s*chapter\s+[\divxlc]+\.?\s*$/i.test(line)) found.push([]);
    else found.at(-1)!.push(line.replaceAll("_", ""));
  }
  return found;
}
