import { expect, it } from "vitest";
import { intervalPlot } from "./interval-plot.js";

/** The numbers of the attributes of all elements of a class. */
const marksOf = (svg: string, kind: string): number[][] =>
  [...svg.matchAll(new RegExp(`class="${kind}"([^>]*)`, "g"))].map(([, attributes = ""]) =>
    [...attributes.matchAll(/(?:cx|cy|x1|x2|y1|y2)="([^"]*)"/g)].map(([, value]) => Number(value)),
  );

it("places means, intervals and references of a row at one height, by the scale of their panel", () => {
  const svg = intervalPlot({
    title: "points",
    panels: ["language", "vision"],
    rows: [
      { name: "first", means: [{ reference: 5 }, { mean: 0, margin: 10, reference: -10 }] },
      { name: "second", means: [{}, { mean: 10 }] },
    ],
    level: 0,
  }).toString();
  // Language has no mean: vision is the only panel, from 290 to 440 for -10 to 10.
  expect(svg).not.toContain("language");
  expect(marksOf(svg, "mean")).toEqual([
    [365, 34],
    [440, 54],
  ]);
  expect(marksOf(svg, "interval")).toEqual([[290, 440, 34, 34]]);
  expect(marksOf(svg, "reference")).toEqual([[290, 34]]);
  expect(marksOf(svg, "level")).toEqual([[365, 365, 24, 64]]);
  expect(svg).not.toMatch(/NaN|Infinity/);
});

it("has names and title as text", () => {
  const name = '<script>"&';
  const svg = intervalPlot({
    ...{ title: name, panels: [name] },
    rows: [{ name, means: [{ mean: 1 }] }],
  });
  expect(svg.toString()).not.toContain("<script>");
});
