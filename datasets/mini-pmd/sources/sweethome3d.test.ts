import { expect, it } from "vitest";
import { furniture } from "./sweethome3d.js";

const catalog = `# A comment
name=Good House catalog
license=Creative Commons Attribution 3.0 license

id#1=Good House#sofa 1
name#1=Red so\\u0066a
tags#1=Good House, Couch, Seat
category#1=Living room
icon#1=/house/sofa.png
creator#1=Ann

id#2=Good House#box
name#2=Box
tags#2=
category#2=Miscellaneous
icon#2=/house/box.png

id#3=Good House#nothing
name#3=
`;

it("reads the pieces of a catalog", () => {
  const [sofa, box, ...rest] = furniture(catalog);
  expect(sofa).toMatchObject({
    key: "sweethome3d/Good-House-sofa-1",
    icon: "house/sofa.png",
    captions: ["red sofa", "Red sofa: couch, seat", "Red sofa (living room)"],
    license: "CC-BY-3.0",
    author: "Ann",
    tags: ["couch", "seat"],
  });
  expect(box?.captions).toEqual(["box"]);
  expect(rest).toEqual([]);
});
