import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { EntryBinder } from "./document.js";
import { blocks, cleanLine, ProseSieve } from "./prose.js";

/** Drawings, other languages, and jokes at the expense of others. */
const unwanted = new Set(["ascii-art", "translate-me", "ethnic", "men-women", "drugs", "love"]);

/** Sayings and short dialogues of packages fortunes and fortunes-min (offensive ones are in separate packages). */
export async function* fortuneTexts(packages: Packages): AsyncGenerator<LoneText> {
  const binder = new EntryBinder({ source: "fortunes", license: "see package" });
  const sieve = new ProseSieve(6);
  for (const name of ["fortunes", "fortunes-min"]) {
    const directory = await packages.directory(name);
    if (directory === undefined) continue;
    const folder = join(directory, "usr/share/games/fortunes");
    for (const file of (await readdir(folder)).sort()) {
      if (file.includes(".") || unwanted.has(file)) continue;
      for (const saying of fortunes(await readFile(join(folder, file), "utf8"))) {
        const paragraph = sieve.keep(saying).join(" ");
        if (paragraph !== "") yield* binder.add(paragraph);
      }
    }
  }
  yield* binder.rest();
}

/** The sayings of a file, separated by lines of "%": each in blocks, without the line that names its author. */
export function fortunes(text: string): string[][] {
  return text
    .split(/^%.*$/m)
    .map((saying) => saying.replace(/^\s+--[\s\S]*$/m, "").replace(/.[\b]/g, ""))
    .map((saying) => blocks(saying).map(cleanLine))
    .filter((saying) => saying.length > 0);
}
