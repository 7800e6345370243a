import { expect, it } from "vitest";
import { stampItem } from "./tuxpaint.js";

it("takes the English sentences of a stamp", () => {
  const text = "A small owl. It hoots at night!\nde.utf8=Eine Eule.\n";
  expect(stampItem("animals/birds/cartoon/owl_2.svg", text)).toMatchObject({
    key: "tuxpaint/animals-birds-cartoon-owl_2-svg",
    concept: "small owl",
    captions: ["A small owl.", "A small owl. It hoots at night!", "small owl"],
    category: "animals",
    style: "cartoon",
    tags: ["animals", "birds"],
  });
});

it("names a stamp with an imperative sentence by its file", () => {
  const captions = stampItem("food/green_peas.png", "Eat your peas!")?.captions;
  expect(captions).toEqual(["Eat your peas!", "green peas"]);
  expect(stampItem("food/peas.png", "de.utf8=Erbsen")).toBeUndefined();
});
