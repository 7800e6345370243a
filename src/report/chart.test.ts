import { expect, test } from "vitest";
import { type Chart, charts } from "./chart.js";

const drawn = (chart: Chart): string => charts([chart]).toString();
const line = (name: string, ...ys: number[]): Chart["lines"][number] => ({
  name,
  points: ys.map((y, index) => ({ x: 10 * index, y })),
});
/** The points of every line, in drawing order. */
const placesOf = (svg: string): number[][][] =>
  [...svg.matchAll(/points="([^"]*)"/g)].map(([, points = ""]) =>
    points.split(" ").map((pair) => pair.split(",").map(Number)),
  );

test("lines go from the lower left to the upper right of one frame, the first line drawn last", () => {
  const svg = drawn({ title: "loss", lines: [line("training", 0, 5, 10), line("other", 10, 0)] });
  expect(placesOf(svg)).toEqual([
    [
      [44, 26],
      [167, 146],
    ],
    [
      [44, 146],
      [167, 86],
      [290, 26],
    ],
  ]);
  for (const name of ["training", "other"]) expect(svg).toContain(`${name}</tspan`);
});

test("names and titles are escaped", () => {
  const name = `<script>"&'`;
  const svg = drawn({ title: name, lines: [line(name, 1, 2)], level: { name, y: 1 } });
  expect(svg).not.toContain("<script>");
  expect(svg).toContain("&lt;script&gt;&quot;&amp;&#39;");
});

test("a single point is visible", () => {
  const svg = drawn({ title: "one", lines: [line("evaluation", 0.5)] });
  expect(svg).toMatch(/<circle\s+cx="167"\s+cy="86"/);
  expect(svg.match(/y="164"/g)).toHaveLength(1); // its step, once
  expect(svg).not.toContain("NaN");
});

test("a line skips non-finite values", () => {
  const svg = drawn({ title: "gaps", lines: [line("training", 0, NaN, 10, Infinity)] });
  expect(placesOf(svg)[0]).toHaveLength(2);
  expect(svg).not.toMatch(/NaN|Infinity/);
});

test.each([
  ["no finite values", [line("training", NaN, NaN)]],
  ["no point", [line("training")]],
  ["no line", []],
])("for %s the frame is empty except for the level, if any", (_, lines) => {
  for (const level of [undefined, { name: "chance", y: 2 }]) {
    const svg = drawn({ title: "empty", lines, ...(level && { level }) });
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(svg.includes('class="level"')).toBe(level !== undefined);
  }
});
