import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passagesOf, passageWords } from "./passages.js";

const words = (count: number): string => `${"word ".repeat(count - 1)}end.`;
const lengths = (text: string): number[] => passagesOf(text).map((each) => each.split(" ").length);

describe("passages", () => {
  it("joins short paragraphs and keeps whole ones apart", () => {
    expect(lengths([words(40), words(40), words(80), words(20)].join("\n\n"))).toEqual([80, 100]);
  });

  it("cuts a long paragraph between sentences", () => {
    const text = Array(10)
      .fill(`A${words(29)}`)
      .join(" ");
    expect(lengths(text)).toEqual([87, 87, 87, 29]);
  });

  it("cuts an endless sentence between words, and drops a short rest", () => {
    expect(lengths("word ".repeat(115))).toEqual([110]);
  });

  it("keeps a short document and finds none in an empty one", () => {
    expect(passagesOf("Short,\n but  whole.")).toEqual(["Short, but whole."]);
    expect(passagesOf(" \n\n ")).toEqual([]);
  });

  it("never makes a passage too long, and never changes the order of words", () => {
    const paragraph = fc.array(fc.constantFrom("one", "two.", "Three", "four?", "Five"), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(fc.array(paragraph, { maxLength: 5 }), (paragraphs) => {
        const text = paragraphs.map((each) => each.join(" ")).join("\n\n");
        const passages = passagesOf(text);
        for (const passage of passages) {
          expect(passage.split(" ").length).toBeLessThanOrEqual(passageWords.most);
        }
        let at = 0;
        const all = paragraphs.flat().join(" ");
        for (const passage of passages) {
          at = all.indexOf(passage, at);
          expect(at).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
