/** Whether a sentence follows from an image, contradicts it, or neither: generated, in the format of SNLI-VE. */
import type { PairSource } from "../item.js";
import { withArticle } from "../caption.js";
import { seededUnit } from "../seeded.js";
import { bestGuess } from "./balance.js";
import { type BuiltPair, builtPairs } from "./built-pairs.js";
import type { EvaluationContext } from "./context.js";
import { type NounHierarchy, readNounHierarchy } from "./noun-hierarchy.js";
import { SetFolder, type SetReport } from "./set-folder.js";

type Part = "train" | "test";
type Label = "entailment" | "neutral" | "contradiction";

interface Example {
  readonly pair: BuiltPair;
  readonly sentence: string;
  readonly label: Label;
}

const sources: readonly PairSource[] = ["icons", "emoji", "colour-icons"];
const forms = {
  train: ["this is X.", "the picture shows X.", "there is X in the picture."],
  test: ["what is drawn here is X."],
} as const;
/** How often a sentence is used with each label. */
const repeats = { train: 4, test: 3 } as const;
const leastFamilies = 3;

/**
 * Writes the set "visual-entailment". For a narrow noun such as "eagle" whose wider one, "bird", is drawn as well, the
 * sentence on an eagle follows from an image of an eagle, may be true of one of a bird, and contradicts one of a cup: each
 * sentence has each label equally often, so that it is uninformative without its image.
 */
export async function* buildVisualEntailment(
  context: EvaluationContext,
): AsyncGenerator<SetReport> {
  const hierarchy = await readNounHierarchy(context.packages);
  if (!hierarchy) return;
  const folder = await SetFolder.begin(context.directory, "visual-entailment");
  const counts: Record<string, number> = {};
  const baselines: Record<string, number> = { chance: 1 / 3 };
  for (const part of ["train", "test"] as const) {
    const images = await imagesOf(part, context);
    const examples = examplesOf(part, images, hierarchy);
    await writePart(folder, part, examples);
    counts[`${part} sentences`] = examples.length;
    if (part === "train") continue;
    const label = (example: Example): string => example.label;
    baselines["sentence only, best possible"] = bestGuess(examples, (each) => each.sentence, label);
    baselines["image's noun only, best possible"] = bestGuess(
      examples,
      (each) => each.pair.fields.concept,
      label,
    );
  }
  const report = await folder.finish({
    task: "Tell whether a sentence follows from an image, contradicts it, or neither",
    kind: "visual entailment",
    source: "names of icons and emoji; wider and narrower nouns of WordNet, first meanings",
    splitRule:
      "test images are of held-out families, test sentences in a form that training does not have",
    synthetic: true,
    baselines,
    counts,
  });
  if (report) yield report;
}

/** Images by their noun, in a seeded order. */
async function imagesOf(
  part: Part,
  { cache, nouns, concepts }: EvaluationContext,
): Promise<Map<string, BuiltPair[]>> {
  const images = new Map<string, BuiltPair[]>();
  for (const source of sources) {
    for await (const pair of builtPairs(cache, source, part)) {
      const { concept } = pair.fields;
      if (!nouns.has(concept) || concepts.families(concept) < leastFamilies) continue;
      const own = images.get(concept);
      if (!own) images.set(concept, [pair]);
      else if (own.length < 40) own.push(pair);
    }
  }
  return images;
}

function examplesOf(
  part: Part,
  images: ReadonlyMap<string, readonly BuiltPair[]>,
  hierarchy: NounHierarchy,
): Example[] {
  const names = [...images.keys()].sort();
  const examples: Example[] = [];
  for (const narrow of names) {
    const wide = names.filter((name) => hierarchy.isKindOf(narrow, name));
    const apart = names.filter((name) => hierarchy.areApart(narrow, name));
    if (wide.length === 0 || apart.length === 0) continue;
    for (let repeat = 0; repeat < repeats[part]; repeat++) {
      const pick = <Item>(purpose: string, items: readonly Item[]): Item =>
        items[Math.floor(seededUnit(purpose, `${part} ${narrow} ${repeat}`) * items.length)]!;
      const sentence = pick("form", forms[part]).replace("X", withArticle(narrow));
      const shown = {
        entailment: narrow,
        neutral: pick("wide", wide),
        contradiction: pick("apart", apart),
      };
      for (const label of ["entailment", "neutral", "contradiction"] as const)
        examples.push({ pair: pick("picture", images.get(shown[label])!), sentence, label });
    }
  }
  return examples;
}

async function writePart(
  folder: SetFolder,
  part: Part,
  examples: readonly Example[],
): Promise<void> {
  const ids = new Map<string, string>();
  const lines: string[] = [];
  for (const [index, { pair, sentence, label }] of examples.entries()) {
    let id = ids.get(pair.key);
    if (id === undefined) {
      id = String(ids.size + 1).padStart(8, "0");
      ids.set(pair.key, id);
      const { key, image, fields } = pair;
      await folder.add({ key: id, image, texts: [], fields: { icon: key, ...fields } }, part);
    }
    const sentence1 = pair.texts[0];
    lines.push(
      JSON.stringify({
        Flickr30K_ID: id,
        pairID: `${part}-${index}`,
        sentence1,
        sentence2: sentence,
        gold_label: label,
      }),
    );
  }
  await folder.write(`${part}.jsonl`, `${lines.join("\n")}\n`);
}
