import fc from "fast-check";
import { expect, test } from "vitest";
import { uncased } from "./normalize.js";
import { Tokenizer } from "./tokenizer.js";
import { WordCounts, trainVocabulary } from "./train-vocabulary.js";
import { specialPieces, vocabularyOf } from "./vocabulary.js";
import { wordsOf } from "./words.js";

function countsOf(texts: readonly string[]): WordCounts {
  const counts = new WordCounts();
  for (const text of texts) counts.add(text);
  return counts;
}

const special = Object.values(specialPieces);
const times = (word: string, count: number): string => `${word} `.repeat(count);

test("joins the most frequent pairs, as counted by hand", () => {
  const texts = [
    times("hug", 10),
    times("Pug", 5),
    times("pun", 12),
    times("bun", 4),
    times("hugs", 5),
  ];
  const characters = ["##g", "##n", "##s", "##u", "b", "h", "p"];
  const joined = ["##ug", "##un", "hug", "pun", "pug", "hugs", "bun"]; // 20, 16, 15, 12, 5, 5 and 4 times
  const all = [...special, ...characters, ...joined];
  expect(trainVocabulary(countsOf(texts), 19)).toEqual({ pieces: all, unknown: 0 });
  expect(trainVocabulary(countsOf(texts.toReversed()), 100).pieces).toEqual(all);
  // Six characters fit, which excludes b, the rarest. Without "bun", ##un occurs 12 times.
  expect(trainVocabulary(countsOf(texts), 17)).toEqual({
    pieces: [
      ...[...special, ...characters.filter((each) => each !== "b")],
      ...["##ug", "hug", "##un", "pun", "pug", "hugs"],
    ],
    unknown: 4,
  });
});

test("equal pieces that are joined in two ways are one; pairs that occur once stay apart", () => {
  const counts = countsOf([times("xabc", 3), times("yab", 9), times("zbc", 7), "qr"]);
  const { pieces } = trainVocabulary(counts, 1000);
  expect(new Set(pieces).size).toBe(pieces.length);
  expect(pieces).toContain("xabc");
  expect(pieces).not.toContain("qr");
});

test("every text of the corpus encodes without [UNK], and decodes to its words", () => {
  const unit = fc.constantFrom(...Array.from("aabbcdeéÜß 0.,'-#[]中文한😀\n\t"));
  fc.assert(
    fc.property(fc.array(fc.string({ unit, maxLength: 40 }), { maxLength: 20 }), (texts) => {
      const { pieces, unknown } = trainVocabulary(countsOf(texts), 400);
      expect(unknown).toBe(0);
      const vocabulary = vocabularyOf(pieces, "The trained vocabulary");
      const tokenizer = new Tokenizer(vocabulary);
      for (const text of texts) {
        const ids = tokenizer.encode(text);
        expect(ids).not.toContain(vocabulary.special.unknown);
        expect(wordsOf(tokenizer.decode(ids), uncased)).toEqual(wordsOf(text, uncased));
      }
    }),
  );
});

test("a size without room for pieces is refused", () => {
  expect(() => trainVocabulary(countsOf(["a"]), 6)).toThrow("at least 7 pieces, not 6");
});
