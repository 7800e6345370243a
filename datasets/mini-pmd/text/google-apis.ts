import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "../archive/files.js";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { ProseSieve } from "./prose.js";

/** Comments of package googleapis on services and their data, one document per version of a service. */
export async function* googleApiTexts(packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory("googleapis");
  if (directory === undefined) return;
  const folder = join(directory, "build/src/apis");
  const sieve = new ProseSieve(10);
  for (const file of await filesUnder(folder)) {
    if (!/\/v[^/]*\.d\.ts$/.test(file)) continue;
    const comments = commentParagraphs(await readFile(join(folder, file), "utf8"));
    const paragraphs = sieve.keep(comments);
    const key = file.replace(/\.d\.ts$/, "");
    const document = documentOf({ key, source: "google-apis", license: "Apache-2.0", paragraphs });
    if (document) yield document;
  }
}

/** The text of documentation comments, without tags, examples and Markdown markup. */
export function commentParagraphs(source: string): string[] {
  const paragraphs: string[] = [];
  for (const [, inner] of source.matchAll(/\/\*\*([\s\S]*?)\*\//g)) {
    const text = inner!
      .replace(/^\s*\* ?/gm, "")
      .trimStart()
      .replace(/```[\s\S]*?(?:```|$)/g, "")
      .replace(/^\s*@[\s\S]*/m, "")
      .replace(/^(?:(?:Required|Optional|Output only|Input only|Immutable|Deprecated)\.\s*)+/, "")
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/<\/?\w+[^>]*>/g, " ")
      .replace(/[`*]/g, "");
    paragraphs.push(...text.split(/\n\s*\n/));
  }
  return paragraphs;
}
