import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Packages } from "../packages.js";
import type { Verse } from "../text/sword.js";
import { parseOpinions } from "./text-opinion.js";
import { overlap, versePair } from "./text-paraphrase.js";
import { stratified, summary, writeTextSet } from "./text-set.js";
import { buildTextSets } from "./text-sets.js";
import { namelessDescription, passages } from "./text-topic.js";
import { contextPairs, lemmaExamples, supersenses } from "./text-wordnet.js";

const rows = Array.from({ length: 40 }, (_, index) => ({
  sentence: `text ${index}`,
  label: index < 24 ? "a" : "b",
}));
const set = {
  name: "lamps",
  task: "Is it a lamp?",
  source: "invented",
  license: "none",
  splitRule: "seeded",
  analogue: "none",
};

describe("text sets", () => {
  it("splits each label alike, once for repeated texts, the same in every run", () => {
    const examples = stratified([...rows, ...rows], { dev: 4, test: 8 });
    expect(summary(examples)).toEqual({
      labels: ["a", "b"],
      counts: { train: { a: 18, b: 10 }, dev: { a: 2, b: 2 }, test: { a: 4, b: 4 } },
      majorityBaseline: { dev: 0.5, test: 0.5 },
    });
    expect(stratified([...rows].reverse(), { dev: 4, test: 8 })).toEqual(
      expect.arrayContaining(examples),
    );
  });

  it("writes tables of lines and tabs, and a README", async () => {
    const directory = await mkdtemp(join(tmpdir(), "flava-text-set-"));
    try {
      const example = {
        sentence: "a\tb\nc",
        sentence2: 'd "e"',
        label: "yes",
        split: "test",
      } as const;
      const report = await writeTextSet(directory, set, [example]);
      const table = await readFile(join(directory, "lamps/test.tsv"), "utf8");
      expect(table).toBe('index\tsentence\tsentence2\tlabel\n0\ta b c\td "e"\tyes\n');
      expect(await readFile(join(directory, "lamps/train.tsv"), "utf8")).toBe(
        "index\tsentence\tsentence2\tlabel\n",
      );
      const readme: unknown = JSON.parse(
        await readFile(join(directory, "lamps/README.json"), "utf8"),
      );
      expect(readme).toEqual(report);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("leaves every set out, with a message, if no package is available", async () => {
    const messages: string[] = [];
    const packages: Packages = {
      cache: tmpdir(),
      directory: () => Promise.resolve(undefined),
      apt: () => Promise.reject(new Error("no apt here")),
      onMessage: (message) => messages.push(message),
    };
    expect(await buildTextSets(packages, join(tmpdir(), "never-written"))).toEqual([]);
    expect(messages.filter((message) => message.includes("left out"))).toHaveLength(10);
  });

  it("reads marks and texts", () => {
    const csv = '\ufeff"1","good "" lamp "" ,\nyes . "\n"-1","bad"\n"0","?"\n';
    expect(parseOpinions(csv, { "1": "positive", "-1": "negative" })).toEqual([
      { sentence: 'good " lamp ", yes.', label: "positive" },
      { sentence: "bad", label: "negative" },
    ]);
  });

  it("masks names that reveal a topic", () => {
    const description = {
      name: "python3-lampy",
      sourcePackage: "lampy",
      section: "python",
      summary: "lights for Python",
      paragraphs: ["Lampy, a data library, lights."],
    };
    expect(namelessDescription(description)).toBe("lights for it. it, a data library, lights.");
    expect(passages(["a b.", "c d.", "e."], 3)).toEqual(["a b. c d."]);
  });

  it("pairs the uses of a word within and across its senses", () => {
    expect(supersenses).toHaveLength(45);
    const synset = {
      partOfSpeech: "verb",
      supersense: 30,
      lemmas: ["light", "dance"],
      gloss: "",
      examples: ["he lighted it", "they dancing", "delighted ones"],
    } as const;
    expect(lemmaExamples(synset)).toEqual(
      new Map([
        ["light/verb", ["he lighted it"]],
        ["dance/verb", ["they dancing"]],
      ]),
    );
    const pairs = contextPairs("light", [["a", "b"], ["c"]]);
    expect(pairs.map(({ label }) => label).sort()).toEqual(["different", "different", "same"]);
    expect(new Set(pairs.map(({ split }) => split)).size).toBe(1);
  });

  it("pairs a verse with its translation or with the neighbor most like it", () => {
    const verse = (number: number, text: string): Verse => ({
      book: "Gen",
      chapter: 1,
      verse: number,
      text,
    });
    const texts = [
      "the lamp was lit in the hall",
      "no words are the same at all",
      "a lamp was lit in a hall again",
    ];
    const all = texts.map((text, index) => verse(index + 1, text));
    const seen = new Set<string>();
    const translations = new Map(all.map((one) => [`Gen 1:${one.verse}`, one]));
    for (const one of all) {
      const pair = versePair(one, translations)!;
      if (pair.label === "paraphrase") expect(pair.sentence2).toBe(one.text);
      else expect(pair.sentence2).not.toBe(one.text);
      seen.add(pair.label);
      if (pair.label === "other" && one.verse === 1) expect(pair.sentence2).toBe(texts[2]);
    }
    expect(seen).toEqual(new Set(["paraphrase", "other"]));
    expect(overlap("The lamp", "a lamp")).toBeCloseTo(1 / 3);
    expect(versePair(verse(9, texts[0]!), translations)).toBeUndefined();
  });
});
