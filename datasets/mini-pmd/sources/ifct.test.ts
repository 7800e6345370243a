import { expect, it } from "vitest";
import { foodItem, foodsOf } from "./ifct.js";

const table = `code,name,scie,desc
"A001","Corn seed, black","Zea mays","many, many names"
"C002","Nettle, leaves, green","",""
"D003","Gourd-12","Lagenaria",""
`;

it("names foods in natural word order", () => {
  const [corn, nettle, gourd] = foodsOf(table).map(foodItem);
  expect(corn).toMatchObject({
    key: "ifct2017/A001",
    captions: [
      "black corn seed",
      "corn seed, black",
      "Corn seed, black (Zea mays)",
      "black corn seed, cereals and millets",
    ],
    category: "cereals and millets",
    tags: ["Zea mays"],
  });
  expect(nettle?.concept).toBe("green nettle leaves");
  expect(gourd?.concept).toBe("gourd");
});
