import { expect, it } from "vitest";
import { digitsOf } from "./digits.js";

const row = [...Array.from({ length: 64 }, (_, index) => index % 17), 7].join(",");

it("reads shades and digit, and refuses rows of another form", () => {
  const [digit] = digitsOf(`${row}\n`);
  expect(digit?.label).toBe("7");
  expect(digit?.ink.slice(15, 18)).toEqual([15, 16, 0]);
  expect(() => digitsOf(`${row}\n\n${row},1`)).toThrow("Line 3 of the digits has 66 columns");
  expect(() => digitsOf(row.replace("16", "17"))).toThrow(RangeError);
});
