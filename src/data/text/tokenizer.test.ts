import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openTokenizer } from "./tokenizer.js";
import { VocabularyError, isContinuation } from "./vocabulary.js";

interface Golden {
  readonly cases: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly decoded: string;
  }[];
  readonly blocks: readonly {
    readonly first: number;
    readonly end: number;
    readonly sha256: string;
  }[];
  readonly truncated: Readonly<Record<string, readonly number[]>>;
}

const root = join(import.meta.dirname, "../../..");
const golden = JSON.parse(readFileSync(join(root, "test/golden/text/text.json"), "utf8")) as Golden;
const tokenizer = await openTokenizer();
const ids = (text: string, maximum?: number): number[] =>
  Array.from(tokenizer.encode(text, maximum === undefined ? {} : { maximum }));
const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

describe("the vocabulary of the package", () => {
  it("is that of bert-base-uncased", () => {
    expect(sha256(readFileSync(join(root, "vocabulary/vocab.txt")))).toBe(
      "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    );
    const { pieces, special, ordinary } = tokenizer.vocabulary;
    expect(pieces).toHaveLength(30522);
    expect(Object.values(special)).toEqual([0, 100, 101, 102, 103]);
    expect(ordinary).toHaveLength(30522 - 5 - 994);
    expect(ordinary[0]).toBe(999); // "!", the first ordinary piece
  });
});

describe("encode", () => {
  it.each(golden.cases)("gives the ids of transformers: $text", ({ text, ids: expected }) => {
    expect(ids(text)).toEqual(expected);
    expect(ids(text)).toEqual(expected); // cached
  });

  it.each(golden.blocks)(
    "agrees on every character from $first on",
    ({ first, end, sha256: hash }) => {
      const rows: string[] = [];
      for (let code = first; code < end; code++) {
        const character = String.fromCodePoint(code);
        for (const text of [character, `a${character}b`]) rows.push(ids(text).slice(1, -1).join());
      }
      expect(sha256(rows.join("\n"))).toBe(hash);
    },
  );

  it.each(Object.entries(golden.truncated))("cuts before [SEP] at %s", (maximum, expected) => {
    expect(ids(golden.cases.at(-1)!.text, Number(maximum))).toEqual(expected);
  });

  it("drops lone surrogates", () => {
    expect(ids("ca\ud83dt \udc31 dog\udc00")).toEqual(ids("cat dog"));
  });

  it("accepts any text, within the maximum length", () => {
    const unit = fc.nat(0xffff).map((code) => String.fromCharCode(code)); // including lone surrogates
    const text = fc.string({ unit, maxLength: 60 });
    const maximum = fc.integer({ min: 2, max: 20 });
    fc.assert(
      fc.property(text, maximum, (given, limit) => {
        const [whole, cut] = [ids(given), ids(given, limit)];
        expect(cut).toEqual(
          whole.length <= limit ? whole : [...whole.slice(0, limit - 1), whole.at(-1)],
        );
        expect(whole.every((id) => Number.isInteger(id) && id >= 0 && id < 30522)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each([1, 0, -1, Number.NaN])("refuses a maximum of %d", (maximum) => {
    expect(() => ids("text", maximum)).toThrow(/\[CLS\] and \[SEP\] take two/);
  });
});

describe("decode", () => {
  it.each(golden.cases)("gives the text of transformers: $text", ({ ids: given, decoded }) => {
    expect(tokenizer.decode(given)).toBe(decoded);
  });

  it("keeps special pieces on request", () => {
    expect(tokenizer.decode(ids("a [MASK]!"), { special: true })).toBe("[CLS] a [MASK]! [SEP]");
  });

  it("recognizes pieces that continue a word", () => {
    const given = ids("unaffable dog");
    expect(tokenizer.pieces(given)).toEqual(["[CLS]", "una", "##ffa", "##ble", "dog", "[SEP]"]);
    expect(given.map((id) => isContinuation(tokenizer.vocabulary, id))).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it("refuses invalid ids", () => {
    expect(() => tokenizer.decode([30522])).toThrow(/no piece with id 30522.*0 to 30521/);
    expect(() => tokenizer.pieces([-1])).toThrow(RangeError);
  });
});

describe("another vocabulary", () => {
  const lines = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "##der"];

  it("comes as text or as a file, whatever its line ends", async () => {
    const directory = await mkdtemp(join(tmpdir(), "vocabulary-"));
    const path = join(directory, "vocab.txt");
    await writeFile(path, lines.join("\r\n"));
    for (const vocabulary of [path, `${lines.join("\n")}\n`]) {
      const other = await openTokenizer({ vocabulary });
      expect(Array.from(other.encode("Redder, red"))).toEqual([2, 5, 6, 1, 5, 3]);
    }
    await rm(directory, { recursive: true });
  });

  it.each([
    ["a\nb\n", /no \[PAD\] among its 2 lines/],
    [[...lines, "red"].join("\n"), /"red" twice, in lines 6 and 8/],
    [[...lines, "", "blue"].join("\n"), /empty line, number 8/],
    ["/nowhere/vocab.txt", /cannot be read.*one word piece a line/],
  ])("is refused with a reason: %j", async (vocabulary, reason) => {
    const opened = openTokenizer({ vocabulary });
    await expect(opened).rejects.toThrow(reason);
    await expect(opened).rejects.toThrow(VocabularyError);
  });
});

describe("pairs of texts", () => {
  // By transformers' BertTokenizerFast with truncation="longest_first".
  it.each([
    ["the cat sat on the mat", "a dog", 8, [101, 1996, 4937, 2938, 102, 1037, 3899, 102], 5],
    ["a dog", "the cat sat on the mat", 8, [101, 1037, 3899, 102, 1996, 4937, 2938, 102], 4],
    [
      "one two three four five six seven",
      "a b c d e f g",
      10,
      [101, 2028, 2048, 2093, 102, 1037, 1038, 1039, 1040, 102],
      5,
    ],
    ["a cat", "a dog", 20, [101, 1037, 4937, 102, 1037, 3899, 102], 4],
  ])("%j and %j in %i tokens", (text, pair, maximum, expected, second) => {
    const encoded = tokenizer.encodePair(text, pair, maximum);
    expect(Array.from(encoded.ids)).toEqual(expected);
    expect(encoded).toMatchObject({ second, truncated: maximum < 20 });
  });

  it("of which the second is missing are texts", () => {
    const { ids: found, second } = tokenizer.encodePair("a cat on a mat", undefined, 5);
    expect(Array.from(found)).toEqual(ids("a cat on a mat", 5));
    expect(second).toBe(5);
    expect(() => tokenizer.encodePair("a", "b", 2)).toThrow(/take three/);
  });
});
