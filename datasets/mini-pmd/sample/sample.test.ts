import sharp from "sharp";
import { expect, it } from "vitest";
import { type Candidate, chooseOfClasses, chooseRest, drawnByOthers } from "./choice.js";
import { isFree } from "./credits.js";
import { smallImage } from "./image.js";

const candidate = (key: string, family: string, concept: string): Candidate => ({
  key,
  source: "icons",
  family,
  concept,
});
const cups = [
  candidate("1", "a", "cup"),
  candidate("2", "a", "cup"),
  candidate("3", "b", "cup"),
  candidate("4", "b", "gizmo"),
];
const keys = (candidates: readonly Candidate[]): string =>
  candidates.map(({ key }) => key).join("");

it("takes different hands before the same hand twice", () => {
  expect(keys(chooseOfClasses(cups, ["cup"], 2))).toBe("13");
  expect(keys(chooseOfClasses(cups, ["cup", "fork"], 9))).toBe("132");
});

it("leaves out what nobody else has drawn", () => {
  expect(keys(drawnByOthers(cups))).toBe("123");
});

it("fills up with what is not taken", () => {
  expect(keys(chooseRest(cups, { icons: 2 }, new Set([cups[0]!])))).toBe("23");
});

it.each([
  ["MIT", true],
  ["OFL-1.1", true],
  ["CC0-1.0", true],
  ["public domain", true],
  ["CC-BY-4.0", false],
  ["GPL-2+", false],
  ["see package", false],
])("knows whether %s lets a picture be passed on", (license, free) => {
  expect(isFree(license)).toBe(free);
});

it("makes pictures small and flat", async () => {
  const create = { width: 90, height: 45, channels: 4, background: "#64646480" } as const;
  const small = await smallImage(await sharp({ create }).png().toBuffer());
  const { data, info } = await sharp(small).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([64, 32, 3]);
  expect(data.every((value) => value % 17 === 0)).toBe(true);
});
