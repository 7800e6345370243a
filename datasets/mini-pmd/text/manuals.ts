/** Manuals in HTML: their running text, one document per page. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "../archive/files.js";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { htmlParagraphs } from "./formats/html.js";
import { ProseSieve } from "./prose.js";

interface Manual {
  readonly source: string;
  readonly package: string;
  /** Folder of the pages in the package. */
  readonly folder: string;
  readonly license: string;
  /** Pages that are indexes, lists of changes or in other languages. */
  readonly skippedPages: RegExp;
  /** Attributes of elements without running text. */
  readonly skip: RegExp;
}

const sphinx =
  /class="(?:sphinxsidebar|related|footer|highlight|headerlink|toctree|body-sidebar|document-nav|sidebar|versionmodified)/;

const manuals = {
  linux: {
    source: "linux-doc",
    package: "linux-doc-6.1",
    folder: "usr/share/doc/linux-doc-6.1/html",
    license: "GPL-2.0",
    skippedPages: /^translations\/|genindex|^search|^_/,
    skip: sphinx,
  },
  python: {
    source: "python-doc",
    package: "python3.11-doc",
    folder: "usr/share/doc/python3.11/html",
    license: "PSF-2.0",
    skippedPages: /genindex|^search|^_|^contents|^py-modindex/,
    skip: sphinx,
  },
  gimp: {
    source: "gimp-help",
    package: "gimp-help-en",
    folder: "usr/share/gimp/2.0/help/en",
    license: "GFDL-1.2-or-later",
    skippedPages: /^index|glossary-index|^toc|bibliography|gfdl/,
    skip: /class="(?:navheader|navfooter|toc|title|index|bibliography)/,
  },
  libreOffice: {
    source: "libreoffice-help",
    package: "libreoffice-help-en-us",
    folder: "usr/share/libreoffice/help/en-US/text",
    license: "MPL-2.0",
    skippedPages: /^$/,
    skip: /class="(?:relatedtopics|howtoget|noteicon|bascode|code|tableheadintable|dropdowns)|class="[^"]*MAC/,
  },
  cppreference: {
    source: "cppreference",
    package: "cppreference-doc-en-html",
    folder: "usr/share/cppreference/doc/html/en",
    license: "CC-BY-SA-3.0",
    skippedPages: /^Cppreference|^Talk|^index/,
    skip: /class="(?:t-navbar|printfooter|t-example|editsection|catlinks|toc|noprint|t-mark)|id="(?:catlinks|siteSub|contentSub|footer|cpp-head|toc)/,
  },
} as const satisfies Record<string, Manual>;

async function* manualTexts(manual: Manual, packages: Packages): AsyncGenerator<LoneText> {
  const directory = await packages.directory(manual.package);
  if (directory === undefined) return;
  const folder = join(directory, manual.folder);
  const { source, license } = manual;
  const sieve = new ProseSieve();
  for (const page of await filesUnder(folder)) {
    if (!page.endsWith(".html") || manual.skippedPages.test(page)) continue;
    const html = await readFile(join(folder, page), "utf8");
    const paragraphs = sieve.keep(htmlParagraphs(html, { skip: manual.skip }));
    const key = page.replace(/\.html$/, "");
    const document = documentOf({ key, source, license, paragraphs });
    if (document) yield document;
  }
}

export function linuxDocTexts(packages: Packages): AsyncGenerator<LoneText> {
  return manualTexts(manuals.linux, packages);
}

export function pythonDocTexts(packages: Packages): AsyncGenerator<LoneText> {
  return manualTexts(manuals.python, packages);
}

export function gimpHelpTexts(packages: Packages): AsyncGenerator<LoneText> {
  return manualTexts(manuals.gimp, packages);
}

export function libreOfficeHelpTexts(packages: Packages): AsyncGenerator<LoneText> {
  return manualTexts(manuals.libreOffice, packages);
}

export function cppReferenceTexts(packages: Packages): AsyncGenerator<LoneText> {
  return manualTexts(manuals.cppreference, packages);
}
