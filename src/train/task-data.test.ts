import { expect, it } from "vitest";
import { openTokenizer } from "../data/text/tokenizer.js";
import { tokensOf } from "./task-data.js";

const tokenizer = await openTokenizer();

it("counts the tokens of the longest text, which need not have the most characters, and those that are cut", () => {
  const long = Array.from({ length: 300 }, (_, i) => ({
    key: `${i}`,
    text: `international organizations ${i}`,
  }));
  const dotted = { key: "dotted", text: ".".repeat(20) };
  const syllables = { key: "syllables", text: "한국어한국어" }; // decomposed by the tokenizer
  expect(tokensOf([...long, dotted], tokenizer, 128)).toEqual({
    needed: 22,
    truncated: undefined,
  });
  const all = [...long, dotted, syllables];
  const most = Math.max(
    ...all.map(({ text }) => tokenizer.encodePair(text, undefined, 128).ids.length),
  );
  expect(tokensOf(all, tokenizer, 128).needed).toBe(most);
  expect(tokensOf([...long, dotted], tokenizer, 10)).toEqual({
    needed: 10,
    truncated: expect.stringMatching(
      /^Only the first 10 tokens of a text are read: "\.\.\./,
    ) as string,
  });
});
