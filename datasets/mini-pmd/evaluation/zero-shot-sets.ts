/** Images of held-out families labeled with their concepts: zero-shot classification. */
import type { Split } from "../families.js";
import type { PairSource } from "../item.js";
import { type BuiltPair, builtPairs } from "./built-pairs.js";
import type { EvaluationContext } from "./context.js";
import { SetFolder, type SetReport } from "./set-folder.js";

/** Recipe of a set: which images, and their classes. */
interface ZeroShotRecipe {
  readonly name: string;
  readonly source: string;
  /** Icon sets and the sources that contain them. */
  readonly sets: Readonly<Record<string, PairSource>>;
  readonly split: Split;
  /** The class of an image; undefined leaves it out. */
  readonly labelOf: (pair: BuiltPair, context: EvaluationContext) => string | undefined;
  readonly classRule: string;
  readonly templates: readonly string[];
}

const iconTemplates = [
  "{}",
  "{} icon",
  "a {} icon",
  "an icon of a {}",
  "an outline icon of a {}",
  "a filled icon of a {}",
  "{}, outline",
  "{}, filled",
];
const emojiTemplates = ["{}", "{} emoji", "a {} emoji", "an emoji of a {}"];
const flagTemplates = ["flag of {}", "the flag of {}", "flag: {}", "{} flag"];

const leastFamilies = 5;
const nounRule =
  "concepts that are a noun of WordNet and that at least 5 design houses of the train split have drawn";

/** The concept, if it is a noun seen in training from several designers. */
function nounOf({ fields }: BuiltPair, { concepts, nouns }: EvaluationContext): string | undefined {
  const isClass = nouns.has(fields.concept) && concepts.families(fields.concept) >= leastFamilies;
  return isClass ? fields.concept : undefined;
}

/** The concept of an emoji that others have drawn too; neither skin tones nor flags. */
function emojiOf(
  { fields, texts }: BuiltPair,
  { concepts }: EvaluationContext,
): string | undefined {
  const isPlain = !/skin tone|^flag\b/i.test(texts[0] ?? "");
  return isPlain && concepts.families(fields.concept) >= 2 ? fields.concept : undefined;
}

function countryOf({ fields }: BuiltPair): string | undefined {
  return /^flag of (.+)$/i.exec(fields.concept)?.[1]?.toLowerCase();
}

const recipes: readonly ZeroShotRecipe[] = [
  {
    name: "zero-shot-ph",
    source: "Phosphor icons",
    sets: { ph: "icons" },
    split: "test",
    labelOf: nounOf,
    classRule: nounRule,
    templates: iconTemplates,
  },
  {
    name: "zero-shot-icons",
    source: "Phosphor, Game-icons, Carbon, OpenMoji and Flat Color icons",
    sets: {
      ph: "icons",
      "game-icons": "icons",
      carbon: "icons",
      openmoji: "emoji",
      "flat-color-icons": "colour-icons",
    },
    split: "test",
    labelOf: nounOf,
    classRule: nounRule,
    templates: iconTemplates,
  },
  {
    name: "zero-shot-emoji",
    source: "OpenMoji",
    sets: { openmoji: "emoji" },
    split: "test",
    labelOf: emojiOf,
    classRule:
      "labels of emoji that at least two design houses of the train split have drawn; without skin tones and flags",
    templates: emojiTemplates,
  },
  {
    name: "zero-shot-flags",
    source: "circle-flags",
    sets: { "circle-flags": "colour-icons" },
    split: "test",
    labelOf: countryOf,
    classRule: "all countries and territories; training has seen their flags as rectangles",
    templates: flagTemplates,
  },
  {
    name: "zero-shot-iconoir",
    source: "Iconoir icons",
    sets: { iconoir: "icons" },
    split: "validation",
    labelOf: nounOf,
    classRule: nounRule,
    templates: iconTemplates,
  },
];

/** Writes all zero-shot sets whose images were built: shards with labels, and classes.json. */
export async function* buildZeroShotSets(context: EvaluationContext): AsyncGenerator<SetReport> {
  for (const recipe of recipes) {
    const report = await buildZeroShotSet(recipe, context);
    if (report) yield report;
    else context.onMessage(`${recipe.name} is left out: ${recipe.source} is not built.`);
  }
}

async function buildZeroShotSet(
  recipe: ZeroShotRecipe,
  context: EvaluationContext,
): Promise<SetReport | undefined> {
  const folder = await SetFolder.begin(context.directory, recipe.name);
  const classes = new Map<string, number>();
  for (const source of new Set(Object.values(recipe.sets))) {
    for await (const pair of builtPairs(context.cache, source, recipe.split)) {
      if (recipe.sets[pair.fields.set] !== source) continue;
      const label = recipe.labelOf(pair, context);
      if (label === undefined) continue;
      classes.set(label, (classes.get(label) ?? 0) + 1);
      await folder.add({ key: pair.key, image: pair.image, texts: [], label, fields: pair.fields });
    }
  }
  await folder.write("classes.json", {
    classes: [...classes.keys()].sort(),
    templates: recipe.templates,
  });
  const samples = [...classes.values()].reduce((sum, count) => sum + count, 0);
  const description = {
    task: `Name what an image of ${recipe.source} shows, out of all classes`,
    kind: "zero-shot" as const,
    source: recipe.source,
    splitRule: `whole families are held out; classes: ${recipe.classRule}`,
    synthetic: false,
    baselines: {
      chance: 1 / classes.size,
      "commonest class": Math.max(...classes.values()) / samples,
    },
    counts: { classes: classes.size },
  };
  return folder.finish(description, recipe.split);
}
