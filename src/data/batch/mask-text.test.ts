import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldIn, keyOf } from "../../base/random.js";
import { openTokenizer } from "../text/tokenizer.js";
import { isContinuation, isSpecial } from "../text/vocabulary.js";
import { type MaskTextOptions, type MaskedText, maskText, mostMasked } from "./mask-text.js";

const tokenizer = await openTokenizer();
const { vocabulary } = tokenizer;
const { padding, mask, unknown } = vocabulary.special;
const ordinary = new Set(vocabulary.ordinary);
type Options = Omit<MaskTextOptions, "vocabulary">;
const masked = (ids: ArrayLike<number>, seed: number, options: Options = {}): MaskedText =>
  maskText(ids, keyOf(seed), { vocabulary, ...options });

/** Rows of a batch: any pieces, special ones and padding among them. */
const row = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...vocabulary.ordinary) },
    { weight: 1, arbitrary: fc.constantFrom(...Object.values(vocabulary.special)) },
  ),
  { maxLength: 80 },
);
const options: fc.Arbitrary<Required<Options>> = fc.record({
  probability: fc.double({ min: 0.01, max: 1, noNaN: true }),
  unit: fc.constantFrom("piece", "word"),
  most: fc.integer({ min: 1, max: 80 }),
});

describe("maskText", () => {
  it("selects only real pieces, at least one, within the share and the capacity", () => {
    fc.assert(
      fc.property(row, fc.nat(), options, (ids, seed, given) => {
        const { maskedIds, positions, labels } = masked(ids, seed, given);
        const real = ids.filter((id) => !isSpecial(vocabulary, id)).length;
        const share = Math.max(1, Math.round(given.probability * real));
        expect(positions.length).toBeLessThanOrEqual(given.most);
        expect(positions.length > 0).toBe(real > 0);
        if (given.unit === "piece") {
          expect(positions).toHaveLength(real === 0 ? 0 : Math.min(share, given.most));
        }
        const selected = new Set(positions);
        expect(selected.size).toBe(positions.length);
        expect([...positions]).toEqual([...positions].sort((a, b) => a - b));
        expect([...labels]).toEqual([...positions].map((position) => ids[position]));
        expect([...labels].some((id) => isSpecial(vocabulary, id))).toBe(false);
        for (const [position, id] of maskedIds.entries()) {
          if (!selected.has(position)) expect(id).toBe(ids[position]);
          else expect(id === mask || ordinary.has(id)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is determined by the key and leaves its input unchanged", () => {
    const ids = tokenizer.encode("the quick brown fox jumps over the lazy dog ".repeat(8));
    const before = ids.slice();
    expect(masked(ids, 1)).toEqual(masked(ids, 1));
    expect(masked(ids, 1).positions).not.toEqual(masked(ids, 2).positions);
    expect(ids).toEqual(before);
  });

  it("has no positions if there are no real pieces", () => {
    for (const unit of ["piece", "word"] as const) {
      const { maskedIds, positions, labels } = masked([101, unknown, 102, padding], 1, { unit });
      expect([...maskedIds]).toEqual([101, unknown, 102, padding]);
      expect([positions.length, labels.length]).toEqual([0, 0]);
    }
  });

  it("hides 80 %, replaces 10 % and keeps 10 %, evenly over positions", () => {
    const ids = Array.from({ length: 40 }, (_, index) => 2000 + index);
    const [counts, rounds] = [new Array<number>(40).fill(0), 4000];
    let [hidden, kept] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const result = maskText(ids, foldIn(keyOf(4), round), { vocabulary });
      for (const [index, position] of result.positions.entries()) {
        counts[position]! += 1;
        if (result.maskedIds[position] === mask) hidden++;
        if (result.maskedIds[position] === result.labels[index]) kept++;
      }
    }
    const total = 6 * rounds;
    expect(Math.abs(hidden / total - 0.8)).toBeLessThan(0.011); // four standard deviations
    expect(Math.abs(kept / total - 0.1)).toBeLessThan(0.008);
    for (const count of counts) expect(Math.abs(count / rounds - 0.15)).toBeLessThan(0.0226);
  });
});

describe("whole words", () => {
  const words = fc.array(
    fc.constantFrom("dog", "unaffable", "tokenization", "antimonarchist", "[UNK]"),
    {
      minLength: 1,
      maxLength: 30,
    },
  );

  it("are selected as a whole, as many as fit", () => {
    fc.assert(
      fc.property(words, fc.nat(), (given, seed) => {
        const ids = tokenizer.encode(given.join(" "));
        const { positions } = masked(ids, seed, { unit: "word" });
        const selected = new Set(positions);
        for (let position = 1; position < ids.length; position++) {
          if (!isContinuation(vocabulary, ids[position]!)) continue;
          expect(selected.has(position)).toBe(selected.has(position - 1));
        }
      }),
    );
    const short = tokenizer.encode("dog ".repeat(40));
    expect(masked(short, 1, { unit: "word" }).positions).toHaveLength(6);
  });

  it("are skipped if too long, unless all are", () => {
    const fits = tokenizer.encode("unaffable dog unaffable"); // 7 pieces: one of them may be hidden
    const long = tokenizer.encode("unaffable unaffable");
    for (let seed = 0; seed < 20; seed++) {
      expect([...masked(fits, seed, { unit: "word" }).positions]).toEqual([4]);
      const { positions } = masked(long, seed, { unit: "word" });
      expect([[1, 2, 3].join(), [4, 5, 6].join()]).toContain(positions.join());
      const cut = masked(long, seed, { unit: "word", most: 2 }).positions;
      expect(["1,2", "4,5"]).toContain(cut.join());
    }
  });
});

describe("mostMasked", () => {
  it("is sufficient for any text of that length", () => {
    expect([mostMasked(77), mostMasked(512), mostMasked(2)]).toEqual([11, 77, 1]);
    const length = fc.integer({ min: 3, max: 120 });
    fc.assert(
      fc.property(
        length,
        fc.nat(),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (size, seed, share) => {
          const ids = [101, ...vocabulary.ordinary.slice(500, 500 + size - 2), 102];
          expect(masked(ids, seed, { probability: share }).positions).toHaveLength(
            mostMasked(size, share),
          );
        },
      ),
    );
  });

  it.each([
    [{ probability: 0 }, "got 0"],
    [{ probability: 1.1 }, "got 1.1"],
    [{ most: 0 }, "positions >= 1, but got 0"],
  ])("and the share are checked: %j", (wrong, message) => {
    expect(() => masked([101, 2000, 102], 1, wrong)).toThrow(message);
  });
});
