import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parsePrintedVerses } from "./bible.js";
import { brownParagraphs } from "./brown.js";
import { parseDescription } from "./debian-index.js";
import { fortunes } from "./fortunes.js";
import { chapters } from "./jane-austen.js";
import { readCharacterVectors } from "./r-data.js";
import { sentences } from "./sentence.js";
import { splitsWithin } from "./split.js";
import { decodeVerses } from "./sword.js";
import { parseSynset, synsetParagraph } from "./wordnet.js";

describe("corpora", () => {
  it("brown: words without tags, punctuation as in print", () => {
    const text =
      "\n\tThe/at lamp/nn ,/, ``/`` old/jj ''/'' ,/, burns/vbz ./.\nIt/pps can/md ?/. ?/.\n\n\tEnd/nn ./.\n";
    expect(brownParagraphs(text)).toEqual([['The lamp, "old", burns.', "It can?"], ["End."]]);
  });

  it("wordnet: lemmas, class, gloss and examples of a line", () => {
    const line =
      '00000100 06 n 02 oil_lamp 0 lamp(a) 1 001 @ 00000200 n 0000 | a light; burns oil; "the lamp burns"; "light it!"  ';
    const synset = parseSynset(line, "noun")!;
    expect(synset).toEqual({
      partOfSpeech: "noun",
      supersense: 6,
      lemmas: ["oil lamp", "lamp"],
      gloss: "a light; burns oil",
      examples: ["the lamp burns", "light it!"],
    });
    expect(synsetParagraph(synset)).toBe(
      "oil lamp, lamp: a light; burns oil. the lamp burns. light it!",
    );
    expect(parseSynset("  1 This is the licence | of it", "noun")).toBeUndefined();
  });

  it("debian: paragraphs without lists", () => {
    const text = "light\nLamps are\nlit.\n.\nThey:\n * burn\n   long\n * shine\nEnd of it.";
    expect(parseDescription(text)).toEqual({
      summary: "light",
      paragraphs: ["Lamps are lit.", "They:", "End of it."],
    });
  });

  it("sword: verses counted from the heading of their chapter, across blocks, without footnotes", () => {
    const first = '<div type="book"/> Preface';
    const heading = '<chapter n="2" osisID="Gen.2" sID="Gen.2"/>';
    const verse = '<w lemma="x">God</w><note>no <w>x</w></note> said, “<w>Go</w>”.<title>T</title>';
    const plain = [first + heading + verse, "<w>Second</w> one."];
    const packed = plain.map((text) => deflateSync(text));
    const places = Buffer.alloc(24);
    packed.forEach((block, index) => {
      places.writeUInt32LE(index === 0 ? 0 : packed[0]!.length, index * 12);
      places.writeUInt32LE(block.length, index * 12 + 4);
    });
    const lengths = [first, heading, verse].map((text) => Buffer.byteLength(text));
    const starts = [0, lengths[0]!, lengths[0]! + lengths[1]!];
    const rows = [
      ...lengths.map((length, index) => [0, starts[index]!, length]),
      [1, 0, Buffer.byteLength(plain[1]!)],
    ];
    const verses = Buffer.alloc(rows.length * 10);
    rows.forEach(([block, start, length], index) => {
      verses.writeUInt32LE(block!, index * 10);
      verses.writeUInt32LE(start!, index * 10 + 4);
      verses.writeUInt16LE(length!, index * 10 + 8);
    });
    expect([...decodeVerses(places, Buffer.concat(packed), verses)]).toEqual([
      { book: "Gen", chapter: 2, verse: 1, text: "God said, “Go”." },
      { book: "Gen", chapter: 2, verse: 2, text: "Second one." },
    ]);
  });

  it("king james: books by their order", () => {
    expect([...parsePrintedVerses("Ge1:1 In it.\n\nGe1:2 And so.\nExo1:1 Now.\n")]).toEqual([
      { book: "Gen", chapter: 1, verse: 1, text: "In it." },
      { book: "Gen", chapter: 1, verse: 2, text: "And so." },
      { book: "Exod", chapter: 1, verse: 1, text: "Now." },
    ]);
  });

  it("R data: the character vectors that the index names", () => {
    const whole = (...parts: Buffer[]): Buffer =>
      Buffer.concat([Buffer.from("X\n"), integers(2, 0, 0), ...parts]);
    const text = (value: string): Buffer =>
      Buffer.concat([integers(9, value.length), Buffer.from(value)]);
    const names = (...all: string[]): Buffer =>
      Buffer.concat([
        integers(1026, 1),
        text("names"),
        integers(16, all.length),
        ...all.map(text),
        integers(254),
      ]);
    const vector = deflateSync(whole(integers(16, 2), text("a lamp"), text("")));
    const data = Buffer.concat([Buffer.from("junk"), integers(0), vector]);
    const place = integers(13, 2, 4, 4 + vector.length);
    const variables = Buffer.concat([integers(531, 1), place, names("novel")]);
    const index = gzipSync(whole(integers(531, 1), variables, names("variables")));
    expect(readCharacterVectors(index, data)).toEqual(new Map([["novel", ["a lamp", ""]]]));
  });

  it("novels are split at chapters, fortunes at lines of %", () => {
    expect(chapters(["T", "CHAPTER 1", "_It_ was.", "", "Chapter II", "End."])).toEqual([
      ["T"],
      ["It was.", ""],
      ["End."],
    ]);
    expect(fortunes("One.\n\t\t-- Jo\n%\nTwo\nlines.\n%\n")).toEqual([["One."], ["Two lines."]]);
  });

  it("sentences end neither after a title nor after an initial", () => {
    expect(sentences('Mr. A. Lamp came. "Why?" I went.')).toEqual([
      "Mr. A. Lamp came.",
      '"Why?"',
      "I went.",
    ]);
  });

  it("small classes have a member in every split", () => {
    const splits = [...splitsWithin("kind", ["a", "b", "c", "d"]).values()].sort();
    expect(splits).toEqual(["dev", "test", "train", "train"]);
  });
});

function integers(...values: number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => buffer.writeInt32BE(value, 4 * index));
  return buffer;
}
