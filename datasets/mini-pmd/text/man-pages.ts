import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { filesUnder } from "../archive/files.js";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { ProseSieve } from "./prose.js";

/** The manual pages of system calls and the C library (package manpages-dev), one document per page. */
export async function* manPageTexts(packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory("manpages-dev");
  if (directory === undefined) return;
  const folder = join(directory, "usr/share/man");
  const sieve = new ProseSieve();
  for (const page of await filesUnder(folder)) {
    if (!page.endsWith(".gz")) continue;
    const roff = gunzipSync(await readFile(join(folder, page))).toString("utf8");
    const paragraphs = sieve.keep(manParagraphs(roff));
    const key = page.replace(/\.gz$/, "");
    const document = documentOf({ key, source: "man-pages", license: "see package", paragraphs });
    if (document) yield document;
  }
}

/** Sections of names, declarations and references. */
const skippedSections =
  /^"?(?:NAME|SYNOPSIS|LIBRARY|SEE ALSO|ATTRIBUTES|STANDARDS|COLOPHON|CONFORMING TO|VERSIONS|AUTHORS?)/;

/** The running text of a page in roff with the man macros; examples and tables dropped. */
export function manParagraphs(roff: string): string[] {
  const paragraphs: string[] = [];
  let text = "";
  let isKept = true;
  let verbatim = false;
  const flush = (): void => {
    if (text.trim() !== "") paragraphs.push(text.replace(/\s+/g, " ").trim());
    text = "";
  };
  for (const line of roff.split("\n")) {
    const [, macro, rest = ""] = /^[.']\s*(\\"|[A-Za-z]{1,3})\s*(.*)$/.exec(line) ?? [];
    if (macro === undefined) {
      if (isKept && !verbatim) text += `${plainRoff(line)} `;
      continue;
    }
    if (macro === "SH") isKept = !skippedSections.test(rest);
    if (/^(?:nf|EX|TS)$/.test(macro)) verbatim = true;
    if (/^(?:fi|EE|TE)$/.test(macro)) verbatim = false;
    if (/^(?:B|I|SM)$/.test(macro) && isKept && !verbatim) text += `${plainRoff(unquoted(rest))} `;
    else if (/^(?:BR|IR|RB|RI|BI|IB)$/.test(macro) && isKept && !verbatim) {
      text += `${plainRoff(rest.replace(/"([^"]*)"|\s+/g, (_all, quoted?: string) => quoted ?? ""))} `;
    } else if (/^(?:SH|SS|PP|P|LP|TP|IP|HP|RS|RE|nf|EX|TS|fi|EE|sp)$/.test(macro)) flush();
  }
  flush();
  return paragraphs;
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/, "$1");
}

/** Escapes resolved: fonts, dashes, quotation marks, named characters. */
function plainRoff(text: string): string {
  return text
    .replace(/\\".*$/, "")
    .replace(/\\f(?:\([A-Z]{2}|\[[A-Z]*\]|[A-Z0-9])/g, "")
    .replace(/\\(?:\(lq|\(rq|\(dq|\[lq\]|\[rq\]|\[dq\])/g, '"')
    .replace(/\\(?:\(aq|\[aq\]|\(oq|\(cq|')/g, "'")
    .replace(/\\(?:\(em|\[em\])/g, " -- ")
    .replace(/\\(?:\([a-z]{2}|\[[^\]]*\]|\*\([A-Z]{2}|\*\[[^\]]*\]|s[+-]?\d)/g, "")
    .replace(/\\-/g, "-")
    .replace(/\\[ ~0]/g, " ")
    .replace(/\\[&|^%/:]/g, "")
    .replace(/\\e/g, "\\");
}
