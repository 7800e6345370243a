import { expect, it } from "vitest";
import { licenseOf } from "./wallpapers.js";

it("gives the license of a wallpaper if it is stated", () => {
  expect(licenseOf({ KPlugin: { License: "CC0" } })).toBe("CC0");
  for (const metadata of [{}, null, { KPlugin: { License: 1 } }])
    expect(licenseOf(metadata)).toBe("see package");
});
