import { describe, expect, it } from "vitest";
import { clipartItem, informationOf } from "./openclipart.js";

const svg = `<svg><metadata><rdf:RDF><cc:Work rdf:about="">
  <dc:title>Coffee_mug</dc:title><dc:description>A mug with &amp;quot;tea&amp;quot; in it.</dc:description>
  <dc:subject><rdf:Bag><rdf:li>drink</rdf:li><rdf:li>HASH(0x1)</rdf:li><rdf:li></rdf:li><rdf:li>mapsym</rdf:li></rdf:Bag></dc:subject>
  <dc:publisher><cc:Agent><dc:title>A Library</dc:title></cc:Agent></dc:publisher>
  <dc:creator><cc:Agent><dc:title>Ann Author</dc:title></cc:Agent></dc:creator>
</cc:Work></rdf:RDF></metadata></svg>`;

const nothing = { title: "", description: "", keywords: [], author: "" };

describe("a drawing", () => {
  it("has title, description, keywords and author", () => {
    expect(informationOf(svg)).toEqual({
      title: "Coffee_mug",
      description: 'A mug with "tea" in it.',
      keywords: ["drink", "mapsym"],
      author: "Ann Author",
    });
    expect(informationOf("<svg/>")).toEqual(nothing);
  });

  it("is captioned by title, description and keywords", () => {
    expect(clipartItem("food/mug_ann_author_01.svg", informationOf(svg), 1)).toMatchObject({
      key: "openclipart/food-mug_ann_author_01",
      concept: "coffee mug",
      captions: ["coffee mug", 'A mug with "tea" in it.', "coffee mug: drink, map symbol"],
      author: "Ann Author",
      category: "food",
    });
  });

  it.each([
    [
      "animals/owl_ann_autho_01.svg",
      { title: "Clipart by Ann - bee", author: "Ann Author" },
      30,
      "owl",
    ],
    ["animals/owl_02.svg", { title: "My Icons" }, 12, "owl"],
    ["animals/owl_02.svg", { title: "Night owl (B and W)" }, 2, "night owl in black and white"],
    ["signs_and_symbols/flags/asia/japan.svg", { title: "Japan" }, 1, "japan flag"],
    [
      "recreation/games/cards/white/white_d_q.svg",
      { title: "card" },
      90,
      "queen of diamonds playing card",
    ],
    ["computer/icons/70a017.svg", { title: "gold theme" }, 30, undefined],
  ])("%s of %j, a title of %i, is %s", (path, information, sharers, concept) => {
    expect(clipartItem(path, { ...nothing, ...information }, sharers)?.concept).toBe(concept);
  });

  it.each([
    "Made with Inkscape of course",
    "See http://example.org for the rest",
    "HASH(0x1) is the best",
    "nur ein Haus",
  ])("ignores the description %j", (description) => {
    expect(clipartItem("a/house.svg", { ...nothing, description }, 1)?.captions).toEqual(["house"]);
  });
});
