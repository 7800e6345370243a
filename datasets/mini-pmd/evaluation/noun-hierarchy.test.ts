import { expect, it } from "vitest";
import { parseHierarchy } from "./noun-hierarchy.js";

// Invented entries in the form of WordNet's files.
const index = `  1 licence
thing n 1 1 ~ 1 0 00000001
vessel n 1 2 @ ~ 1 0 00000002
tea_kettle n 2 2 @ ~ 2 0 00000003 00000004
cup n 1 1 @ 1 0 00000005
`;
const data = `  1 licence
00000001 03 n 01 thing 0 001 ~ 00000002 n 0000 | what there is
00000002 06 n 01 vessel 0 001 @ 00000001 n 0000 | holds water
00000003 06 n 01 tea_kettle 0 001 @ 00000002 n 0000 | boils water
00000004 06 n 01 tea_kettle 0 001 @ 00000005 n 0000 | another meaning
00000005 06 n 01 cup 0 001 @i 00000002 n 0000 | for drinking
`;

it("follows the first meaning of a noun upwards", () => {
  const nouns = parseHierarchy(index, data);
  expect(nouns.isKindOf("tea kettle", "vessel")).toBe(true);
  expect(nouns.isKindOf("tea kettle", "thing")).toBe(true);
  expect(nouns.isKindOf("tea kettle", "cup")).toBe(false);
  expect(nouns.isKindOf("vessel", "tea kettle")).toBe(false);
  expect(nouns.isKindOf("cup", "cup")).toBe(false);
  expect(nouns.areApart("tea kettle", "cup")).toBe(true);
  expect(nouns.areApart("vessel", "cup")).toBe(false);
  expect(nouns.areApart("cup", "unknown")).toBe(false);
});
