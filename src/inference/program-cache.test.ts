import { expect, it } from "vitest";
import { ProgramCache } from "./program-cache.js";

it("evicts the least recently used programs, but never the last two", () => {
  const freed: string[] = [];
  const programs = new ProgramCache(25);
  const use = (name: string, prepared = 10): unknown =>
    programs.get(name, () => ({
      memory: { state: {}, prepared, arena: 0, total: prepared },
      dispose: () => freed.push(name),
    }));
  const a = use("a");
  use("b");
  expect(use("a")).toBe(a);
  use("c");
  expect(freed).toEqual(["b"]);
  use("large", 100);
  expect(freed).toEqual(["b", "a"]);
  programs.dispose();
  expect(freed).toEqual(["b", "a", "c", "large"]);
});
