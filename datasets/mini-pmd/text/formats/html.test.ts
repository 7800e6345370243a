import { describe, expect, it } from "vitest";
import { decodeEntities, htmlParagraphs } from "./html.js";

describe("htmlParagraphs", () => {
  it("keeps running text and drops headings, tables, code and navigation", () => {
    const page = `<html><head><title>T</title></head><body><div class="menu"><div>a</div>b</div>
      <h1>Title</h1><p>One <b>bold</b> word &amp; a
      <code>name</code>.<br/>Next.</p><table><tr><td><table></table>x</td></tr></table>
      <pre>int x;</pre><ul><li>First.<li>Second.</ul><!-- <p>gone</p> --></body></html>`;
    expect(htmlParagraphs(page, { skip: /class="menu"/ })).toEqual([
      "One bold word & a name. Next.",
      "First.",
      "Second.",
    ]);
  });

  it("decodes entities and tolerates invalid ones", () => {
    expect(decodeEntities("a&#39;s &#x2014; &unknown; &#9999999;")).toBe("a's —    ");
  });
});
