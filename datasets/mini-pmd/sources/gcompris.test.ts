import { describe, expect, it } from "vitest";
import type { Entries } from "../archive/zip.js";
import { exploreEntries, licensesOf } from "./gcompris.js";

const files = (texts: Record<string, string>): Entries =>
  new Map(Object.entries(texts).map(([path, text]) => [path, () => Buffer.from(text)]));

const board = `property var tab: [
  { "image": "qrc:/x/key.svg", "title": qsTr("Owl"), "text": qsTr("It \\"hoots\\".\\nAt night."),
    "image2": "qrc:/x/owl.webp", "text2": qsTr("This animal has big eyes."), "x": 0.1 },
  { "title": qsTr("Without picture"), "text": qsTr("Nothing.") }
]`;

describe("GCompris", () => {
  it("reads the images of its boards", () => {
    const path = "gcompris/explore_farm_animals/resource/board/board1.qml";
    expect(exploreEntries(files({ [path]: board, "board/other.js": board }))).toEqual([
      {
        image: "x/owl.webp",
        name: "Owl",
        sentences: ['It "hoots". At night.', "The owl has big eyes."],
        category: "animal",
      },
    ]);
  });

  it("names the licenses of its images", () => {
    const notes =
      "Copyright: Ann Author, 2018-2020\nLicense: CC0-1.0\nFiles:\n wonders/owl.webp\n\nFiles:\n bat.svg\n";
    expect([...licensesOf(files({ "x/README": notes }))]).toEqual([
      ["owl.webp", { license: "CC0-1.0", author: "Ann Author" }],
    ]);
  });
});
