import { expect, it } from "vitest";
import { mostAlike } from "./most-alike.js";

it("chooses the wrong caption that is hardest to tell from the right one", () => {
  const own = ["a red circle", "a disc"];
  const others = ["a blue square", "a disc", "A RED square", "a circle", "a large red circle", ""];
  expect(mostAlike("a red circle", others, own)).toBe("A RED square");
  expect(mostAlike("a red circle", ["a circle", "un carré"], own)).toBe("un carré");
  expect(mostAlike("a red circle", ["a circle", "a disc"], own)).toBe("a circle");
  expect(mostAlike("a red circle", ["a disc"], own)).toBeUndefined();
});
