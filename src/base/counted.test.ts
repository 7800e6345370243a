import { expect, it } from "vitest";
import { counted } from "./counted.js";

it("one thing is not plural", () => {
  const texts = [0, 1, 2, 12_000].map((count) => counted(count, "step"));
  expect(texts).toEqual(["0 steps", "1 step", "2 steps", "12,000 steps"]);
  expect([1, 3].map((count) => counted(count, "class", "classes"))).toEqual([
    "1 class",
    "3 classes",
  ]);
});
