import { describe, expect, it } from "vitest";
import { componentsOf } from "./components.js";

const header = "---\nFile: DEP-11\nVersion: '0.16'\n";
const icon = `Icon:
  cached:
  - name: pkg_app.png
    width: 64
    height: 64
`;

/** The only component of a list, with this summary. */
function withSummary(summary: string): string | undefined {
  const document = `---\nType: generic\nID: app\nName:\n  de: Ding\n  C: Thing\nSummary:\n  fr: chose\n  C: ${summary}\n  it: cosa\n${icon}`;
  return componentsOf(header + document)[0]?.summary;
}

describe("a list of components", () => {
  it.each([
    ["Draws things", "Draws things"],
    ["Draws things: lines\n    and circles", "Draws things: lines and circles"],
    ["'It''s a drawer: of things'", "It's a drawer: of things"],
    [`"<p>\\n  One \\"two\\" \\xE9\\u2013 th\\\n    \\ ree</p>"`, `<p>\n  One "two" é– th ree</p>`],
    [">-\n    <p>One\n    two.</p>\n\n    <p>Three</p>", "<p>One two.</p>\n<p>Three</p>"],
    ["|\n    one\n    two", "one\ntwo"],
  ])("reads the text %j", (yaml, text) => {
    expect(withSummary(yaml)).toBe(text);
  });

  it("gives the English fields of components with an icon", () => {
    const drawer = `---
Type: desktop-application
ID: org.example.Drawer
Name:
  C: Drawer
  C@latin: no
Description:
  C: >-
    <p>Draws.</p>
Categories:
- Graphics
- 2DGraphics
Keywords:
  de:
  - malen
  C:
  - paint
  - 'yes'
${icon}`;
    const bare = "---\nType: codec\nID: bare\nName:\n  C: Bare\n";
    expect(componentsOf(header + bare + drawer)).toEqual([
      {
        id: "org.example.Drawer",
        type: "desktop-application",
        name: "Drawer",
        summary: "",
        description: "<p>Draws.</p>",
        categories: ["Graphics", "2DGraphics"],
        keywords: ["paint", "yes"],
        icon: "pkg_app.png",
      },
    ]);
  });
});
