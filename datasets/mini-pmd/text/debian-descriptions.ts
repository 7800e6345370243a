import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { debianDescriptions } from "./debian-index.js";
import { documentOf } from "./document.js";
import { ProseSieve } from "./prose.js";
import { splitOf } from "./split.js";

/** One document per package with a new description; held out by source package, as in the set "topic". */
export async function* debianDescriptionTexts(packages: Packages): AsyncGenerator<LoneText> {
  const sieve = new ProseSieve();
  for await (const { name, sourcePackage, summary, paragraphs } of debianDescriptions(packages)) {
    const kept = sieve.keep(paragraphs);
    const first = kept[0];
    if (first === undefined) continue;
    kept[0] = summary === "" ? first : `${sentenceOf(summary)} ${first}`;
    const heldOut = splitOf("topic", sourcePackage) === "test";
    const license = "see package";
    const source = "debian-descriptions";
    const document = documentOf({ key: name, source, license, paragraphs: kept, heldOut });
    if (document) yield document;
  }
}

function sentenceOf(summary: string): string {
  const text = summary.charAt(0).toUpperCase() + summary.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
