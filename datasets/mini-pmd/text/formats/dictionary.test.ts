import { describe, expect, it } from "vitest";
import { parseDictionary } from "./dictionary.js";
import { foldocParagraphs } from "../foldoc.js";
import { gcideParagraphs } from "../gcide.js";
import { jargonParagraphs } from "../jargon.js";

describe("dictionaries", () => {
  it("splits entries at the left margin and skips variants of a headword", () => {
    const text = "00-info\n  x\n\nlamp\nlantern\n\n   A light.\n\n   More.\n\nmoon\n   One.\n";
    expect([...parseDictionary(text)]).toEqual([
      { head: "00-info", body: "  x\n" },
      { head: "lamp", body: "\n   A light.\n\n   More.\n" },
      { head: "moon", body: "   One." },
    ]);
  });

  it("gcide: definitions with their headword, without etymology, sources, synonyms and glosses of WordNet", () => {
    const head = 'Lampen \\Lamp"en\\ (l[a^]mp"en), v. t. [OE. lampen, fr.';
    const body = `   L. lampas. See {Lamp}.]
   1. To furnish with a lamp, as a caf['e]; to light. [Obs.]
      [1913 Webster]

            He lampened all the hall.             --Poet.
      [1913 Webster]

   Syn: Light; kindle.

   2. to make bright with a lamp.
      [WordNet 1.5]
`;
    expect(gcideParagraphs({ head, body })).toEqual([
      "Lampen: To furnish with a lamp, as a cafe; to light.",
      "He lampened all the hall.",
    ]);
  });

  it("foldoc: drops fields, links, dates and entries of the Jargon File", () => {
    const body = "\n   <lamps> A {light} of {low\n   power}.\n\n   (1999-01-02)\n";
    expect(foldocParagraphs({ head: "lamp", body })).toEqual(["lamp: A light of low power."]);
    expect(foldocParagraphs({ head: "lamp", body: `${body}\n   [{Jargon File}]\n` })).toEqual([]);
  });

  it("jargon: drops grammar, numbers and drawn tables", () => {
    const body = " /lamp/, n.\n\n    1. [Labs] A {light}.\n\n    │ a │ b │\n";
    expect(jargonParagraphs({ head: "lamp", body })).toEqual(["lamp: A light."]);
  });
});
