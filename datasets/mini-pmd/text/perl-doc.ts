import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "../archive/files.js";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { ProseSieve } from "./prose.js";

/** The manual of Perl (package perl-doc), one document per page. */
export async function* perlDocTexts(packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory("perl-doc");
  if (directory === undefined) return;
  const folder = join(directory, "usr/share/perl");
  const sieve = new ProseSieve();
  for (const page of await filesUnder(folder)) {
    if (!page.endsWith(".pod")) continue;
    const paragraphs = sieve.keep(podParagraphs(await readFile(join(folder, page), "utf8")));
    const key = page.replace(/\.pod$/, "");
    const parts = { key, source: "perl-doc", license: "Artistic-1.0 or GPL-1.0-or-later" };
    const document = documentOf({ ...parts, paragraphs });
    if (document) yield document;
  }
}

/** The running text of a page in Pod: commands, indented program text and passages for other formats dropped. */
export function podParagraphs(pod: string): string[] {
  const paragraphs: string[] = [];
  let foreign = false;
  for (const block of pod.split(/\n\s*\n/)) {
    const text = block.replace(/^\n+/, "");
    if (/^=begin\b/.test(text)) foreign = true;
    if (/^=end\b/.test(text)) foreign = false;
    if (!foreign && /^[^=\s]/.test(text))
      paragraphs.push(plainPod(text).replace(/\s+/g, " ").trim());
  }
  return paragraphs;
}

/** Formatting codes resolved from the inside out: B<x>, C<< x >>, L<text|page>, E<gt>. */
function plainPod(text: string): string {
  let plain = text;
  for (let round = 0; round < 4; round++) {
    plain = plain
      .replace(/\b([A-Z])<<+\s+([\s\S]*?)\s+>>+/g, (_all, code: string, inner: string) =>
        unmark(code, inner),
      )
      .replace(/\b([A-Z])<([^<>]*)>/g, (_all, code: string, inner: string) => unmark(code, inner));
  }
  return plain;
}

function unmark(code: string, inner: string): string {
  if (code === "X" || code === "Z") return "";
  if (code === "E") return { lt: "‹", gt: "›", sol: "/", verbar: "|" }[inner] ?? "";
  if (code === "L") return inner.split("|")[0]!.replace(/^\/"?|"$/g, "");
  return inner;
}
