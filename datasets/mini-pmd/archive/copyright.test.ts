import { expect, it } from "vitest";
import { rightsOf } from "./copyright.js";

const copyright = `Format: machine-readable
Upstream-Name: game

Files: *
Copyright: Ann Author <ann@example.org>
License: GPL-3+

Files:
 images/moon?one*
 images/sun*
Copyright: Bob Painter (bob)
 and others
License: CC-BY-SA-4.0
 Text of the licence.
`;

it("applies the last matching rule", () => {
  const rights = rightsOf(copyright);
  expect(rights("images/moon-one.png")).toEqual({ license: "CC-BY-SA-4.0", holder: "Bob Painter" });
  expect(rights("images/moon.png")).toEqual({ license: "GPL-3+", holder: "Ann Author" });
  expect(rightsOf("License: GPL\n")("any")).toBeUndefined();
});
