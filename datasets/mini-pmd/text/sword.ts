/** Bibles of the SWORD project in its format zText: verses in zlib blocks. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { htmlParagraphs } from "./formats/html.js";

export interface Verse {
  /** Such as "Gen". */
  readonly book: string;
  readonly chapter: number;
  readonly verse: number;
  readonly text: string;
}

/**
 * The verses of the module in `folder`: for each testament, `*.bzz` holds the compressed blocks, `*.bzs` their positions
 * (offset, length, uncompressed length), and `*.bzv` the block, offset and length of every entry of the versification.
 */
export async function* swordVerses(folder: string): AsyncGenerator<Verse> {
  for (const testament of ["ot", "nt"]) {
    const [places, data, verses] = await Promise.all(
      ["bzs", "bzz", "bzv"].map((end) => readFile(join(folder, `${testament}.${end}`))),
    );
    yield* decodeVerses(places!, data!, verses!);
  }
}

/** A chapter's heading is a separate entry; the entries after it are verses 1, 2, 3 ... */
export function* decodeVerses(places: Buffer, data: Buffer, verses: Buffer): Generator<Verse> {
  let block = Buffer.alloc(0);
  let current = -1;
  let heading: { book: string; chapter: number } | undefined;
  let verse = 0;
  for (let at = 0; at + 10 <= verses.length; at += 10) {
    const number = verses.readUInt32LE(at);
    const length = verses.readUInt16LE(at + 8);
    if (number !== current && length > 0) {
      const offset = places.readUInt32LE(number * 12);
      block = inflateSync(data.subarray(offset, offset + places.readUInt32LE(number * 12 + 4)));
      current = number;
    }
    const offset = verses.readUInt32LE(at + 4);
    const markup = length === 0 ? "" : block.subarray(offset, offset + length).toString("utf8");
    const [, book, chapter] = /<chapter [^>]*osisID="(\w+)\.(\d+)"[^>]*sID/.exec(markup) ?? [];
    if (book !== undefined && chapter !== undefined) {
      heading = { book, chapter: Number(chapter) };
      verse = 0;
      continue;
    }
    if (/<div [^>]*type="book"/.test(markup)) heading = undefined;
    if (!heading) continue;
    verse++;
    const text = verseText(markup);
    if (text !== "") yield { ...heading, verse, text };
  }
}

/** The words of a verse, without footnotes, references and titles. */
function verseText(markup: string): string {
  const words = markup
    .replace(/<(note|title|reference)\b[^>]*?(?:\/>|>[\s\S]*?<\/\1>)/g, " ")
    .replace(/<\/?(?:l|lg|div|milestone|chapter)\b[^>]*>/g, " ");
  return htmlParagraphs(words).join(" ");
}
