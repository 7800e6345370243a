import { expect, it } from "vitest";
import { licenceOf } from "./wallpapers.js";

it("names the licence of a wallpaper where it is given", () => {
  expect(licenceOf({ KPlugin: { License: "CC0" } })).toBe("CC0");
  for (const metadata of [{}, null, { KPlugin: { License: 1 } }])
    expect(licenceOf(metadata)).toBe("see package");
});
