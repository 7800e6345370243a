import { describe, expect, it } from "vitest";
import { nameStyles, parseIconName } from "./icon-name.js";

describe("names of icons", () => {
  const sized = nameStyles("invented", [], {
    "24-filled": "24 Filled",
    "16-regular": "16 Regular",
    "bold-duotone": "BoldDuotone",
    duotone: "Duotone",
    "": "Line",
  });

  it.each([
    ["calendar-add-24-filled", { concept: "calendar add", style: "filled", size: 24 }],
    ["calendar-add-16-regular", { concept: "calendar add", size: 16 }],
    ["moon-bold-duotone", { concept: "moon", style: "bold duotone" }],
    ["moon-duotone", { concept: "moon", style: "duotone" }],
    ["moon", { concept: "moon", style: "line" }],
    ["arrow-down-01", { concept: "arrow down", style: "line" }],
    ["eyeglasses-2", { concept: "eyeglasses", style: "line" }],
    ["dice-3", { concept: "dice 3", style: "line" }],
    ["phone-alt", { concept: "phone", style: "line" }],
  ])("takes %s apart", (name, expected) => {
    expect(parseIconName(name, sized)).toEqual(expected);
  });

  it("takes an undeclared ending as a style only in a set that uses it often", () => {
    const names = ["sun", "moon", "star", "bell", "key", "map", "pen", "cup"];
    const often = nameStyles("invented", [...names, ...names.map((name) => `${name}-fill`)]);
    expect(parseIconName("color-fill", often)).toEqual({ concept: "color", style: "filled" });
    const seldom = nameStyles("invented", [...names, "color-fill"]);
    expect(parseIconName("color-fill", seldom)).toEqual({ concept: "color fill" });
  });

  it("keeps a name that consists only of a style", () => {
    const names = Array.from({ length: 9 }, (_, index) => `thing${index}-bold`);
    expect(parseIconName("bold", nameStyles("invented", names)).concept).toBe("bold");
  });

  it("reads a style before the name", () => {
    const styles = nameStyles("invented", [], {}, { twotone: "Two-Tone", baseline: "Baseline" });
    expect(parseIconName("twotone-home", styles)).toEqual({ concept: "home", style: "two-tone" });
    expect(parseIconName("baseline-home", styles)).toEqual({ concept: "home" });
  });
});
