import { describe, expect, it } from "vitest";
import { familyOf, splitOfFamily } from "./families.js";

const splitOfSet = (set: string): string => splitOfFamily(familyOf(set));

describe("the split of icon sets", () => {
  it.each([
    "lucide",
    "lucide-lab",
    "feather",
    "fluent-emoji",
    "fluent-emoji-flat",
    "fluent-emoji-high-contrast",
    "pixelarticons",
    "meteor-icons",
  ])("excludes %s", (set) => {
    expect(splitOfSet(set)).toBe("excluded");
  });

  it.each(["ph", "game-icons", "carbon", "openmoji", "flat-color-icons", "circle-flags"])(
    "tests on %s",
    (set) => {
      expect(splitOfSet(set)).toBe("test");
    },
  );

  it("validates on iconoir and trains on the rest", () => {
    expect(splitOfSet("iconoir")).toBe("validation");
    expect(["fluent", "fluent-color", "tabler", "pixel", "noto"].map(splitOfSet)).toEqual(
      Array(5).fill("train"),
    );
  });

  it("groups sets of one house", () => {
    expect(new Set(["fa", "fa6-solid", "fa7-brands"].map(familyOf)).size).toBe(1);
    expect(new Set(["streamline-pixel", "covid", "guidance"].map(familyOf)).size).toBe(1);
    expect(familyOf("tabler")).toBe("tabler");
  });
});
