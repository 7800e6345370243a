import { expect, it } from "vitest";
import { bestGuess } from "./balance.js";
import { pairUp } from "./memes.js";
import { wrapped } from "./text-lines.js";

it("cannot be guessed from sentence or image alone", () => {
  const rows = [
    ...["fine", "good", "nice"].map((text) => ["0", text, "positive"]),
    ...["bad", "dull"].map((text) => ["0", text, "negative"]),
  ];
  const memes = pairUp(rows, { positive: ["+1", "+2"], negative: ["-1"] }, 10);
  expect(memes).toHaveLength(8);
  const agrees = ({ mood, faceMood }: (typeof memes)[0]): string => String(mood === faceMood);
  expect(bestGuess(memes, ({ sentence }) => sentence, agrees)).toBe(0.5);
  expect(bestGuess(memes, ({ face }) => face, agrees)).toBe(0.5);
});

it("breaks lines between words", () => {
  expect(wrapped("a film that is far too long for the story that it has to tell", 34)).toEqual([
    "a film that is far too long for",
    "the story that it has to tell",
  ]);
});
