import { expect, it } from "vitest";
import { ProgramCache } from "./program-cache.js";

it("frees the least recently used programs", () => {
  const freed: string[] = [];
  const programs = new ProgramCache(2);
  const use = (name: string): unknown =>
    programs.get(name, () => ({ dispose: () => freed.push(name) }));
  const a = use("a");
  use("b");
  expect(use("a")).toBe(a);
  use("c");
  expect(freed).toEqual(["b"]);
  programs.dispose();
  expect(freed).toEqual(["b", "a", "c"]);
});
