/** Probes whose classes people have assigned: names, groups and folders of images. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PairSource } from "../../item.js";
import { seededUnit } from "../../seeded.js";
import { type BuiltPair, builtPairs, builtSamples } from "../built-pairs.js";
import type { EvaluationContext } from "../context.js";
import { styleOf } from "../icon-style.js";
import { type Labeled, type ProbeRecipe, partOf, parts } from "./probe-recipe.js";

/** Pairs of a source that have a category; those of one concept share a part. */
async function* byCategory(
  cache: string,
  source: PairSource,
  split: "train" | "test",
  labelOf: (pair: BuiltPair) => string | undefined,
): AsyncGenerator<Labeled> {
  for await (const pair of builtPairs(cache, source, split)) {
    const label = labelOf(pair);
    if (label !== undefined && label !== "")
      yield { sample: pair, label, part: partOf(pair.fields.concept) };
  }
}

/** Images without texts that have a label; those of one group share a part. */
async function* loneImages(cache: string, source: string): AsyncGenerator<Labeled> {
  for await (const sample of builtSamples(join(cache, "images", source, "train"))) {
    const { label, key, fields } = sample;
    const group = typeof fields.group === "string" ? fields.group : key;
    if (label !== undefined) yield { sample, label, part: partOf(`${source} ${group}`) };
  }
}

/** Emoji with the group or subgroup of their label; OpenMoji for testing, other houses for training. */
async function* emoji(
  { cache, packages }: EvaluationContext,
  column: "group" | "subgroups",
): AsyncGenerator<Labeled> {
  const directory = await packages.directory("openmoji");
  if (directory === undefined) return;
  const text = await readFile(join(directory, "data/openmoji.json"), "utf8");
  const rows = JSON.parse(text) as Record<"annotation" | "group" | "subgroups", string>[];
  const plain = rows.filter(({ group }) => !group.startsWith("extras") && group !== "flags");
  const labels = new Map(plain.map((row) => [row.annotation.toLowerCase(), row[column]]));
  for (const part of parts) {
    for await (const pair of builtPairs(cache, "emoji", part)) {
      const [name = ""] = pair.texts;
      const label = labels.get(name.toLowerCase());
      if (label !== undefined && !name.includes("skin tone")) yield { sample: pair, label, part };
    }
  }
}

async function* styles({ cache }: EvaluationContext): AsyncGenerator<Labeled> {
  for (const part of parts) {
    for await (const pair of builtPairs(cache, "icons", part)) {
      const label = styleOf(pair);
      if (label !== undefined && (part === "train" || pair.fields.set === "ph"))
        yield { sample: pair, label, part };
    }
  }
}

/** The share of the icons that the sets on all icons take, so that they have some of every letter. */
const shareOfIcons = 0.2;
/** Houses with fewer icons are left out. */
const fewestOfHouse = 2000;

async function* houses({ cache }: EvaluationContext): AsyncGenerator<Labeled> {
  const counts = new Map<string, number>();
  for await (const { fields } of builtPairs(cache, "icons", "train"))
    counts.set(fields.family, (counts.get(fields.family) ?? 0) + 1);
  const labelOf = ({ key, fields: { family } }: BuiltPair): string | undefined =>
    counts.get(family)! >= fewestOfHouse && seededUnit("house", key) < shareOfIcons
      ? family
      : undefined;
  yield* byCategory(cache, "icons", "train", labelOf);
}

/** Icons that are crossed out, and those that they are made of: "bell slash" and "bell" of one set. */
async function* crossedOut({ cache }: EvaluationContext): AsyncGenerator<Labeled> {
  const thing = ({ fields: { set, concept } }: BuiltPair): string =>
    `${set}/${concept.replace(/ (slash|off)$/, "")}`;
  const isCrossed = ({ fields: { concept } }: BuiltPair): boolean => / (slash|off)$/.test(concept);
  for (const part of parts) {
    const both = new Set<string>();
    for await (const pair of builtPairs(cache, "icons", part))
      if (isCrossed(pair)) both.add(thing(pair));
    for await (const pair of builtPairs(cache, "icons", part)) {
      const isTaken = part === "test" || seededUnit("crossed out", thing(pair)) < shareOfIcons;
      if (!both.has(thing(pair)) || !isTaken) continue;
      yield { sample: pair, label: isCrossed(pair) ? "crossed out" : "whole", part };
    }
  }
}

const byConcept = "images of one concept share a part; a quarter of the concepts are for testing";
const category = (pair: BuiltPair): string | undefined => pair.fields.category;

/** Recipes without what all of them share. */
const recipes: readonly Omit<ProbeRecipe, "synthetic">[] = [
  {
    name: "probe-emoji-group",
    task: "The group of an emoji",
    source: "emoji of Iconify's sets, groups of OpenMoji",
    splitRule: "by design house: OpenMoji is for testing",
    images: (context) => emoji(context, "group"),
  },
  {
    name: "probe-emoji-subgroup",
    task: "The subgroup of an emoji",
    source: "emoji of Iconify's sets, subgroups of OpenMoji",
    splitRule: "by design house: OpenMoji is for testing",
    images: (context) => emoji(context, "subgroups"),
  },
  {
    name: "probe-icon-style",
    task: "Whether an icon is an outline, filled or duotone",
    source: "icons of Iconify's sets",
    splitRule: "by design house: Phosphor is for testing",
    images: styles,
  },
  {
    name: "probe-icon-category",
    task: "The category of an icon of Font Awesome",
    source: "Font Awesome",
    splitRule: byConcept,
    images: ({ cache }) =>
      byCategory(cache, "icons", "train", (pair) =>
        pair.fields.family === "font-awesome" ? pair.fields.category : undefined,
      ),
  },
  {
    name: "probe-icon-house",
    task: "The design house of an icon",
    source: "icons of Iconify's sets",
    splitRule: byConcept,
    images: houses,
  },
  {
    name: "probe-crossed-out",
    task: "Whether an icon is crossed out",
    source: "icons of Iconify's sets",
    splitRule: "by design house: Phosphor, Carbon and Game-icons are for testing",
    images: crossedOut,
  },
  {
    name: "probe-stamp-folder",
    task: "The folder of a stamp, such as animals",
    source: "Tux Paint stamps",
    splitRule: "by caption: the stamps that are held out from training are for testing",
    async *images({ cache }) {
      for (const part of parts)
        for await (const pair of builtPairs(cache, "stamps", part))
          if (pair.fields.category) yield { sample: pair, label: pair.fields.category, part };
    },
  },
  ...(
    [
      ["clipart", "folder", "clipart", "train"],
      ["furniture", "room", "furniture", "train"],
      ["application", "main category", "applications", "train"],
      ["food", "food group", "food", "test"],
      ["battle", "race", "battle", "train"],
    ] as const
  ).map(([name, what, source, split]) => ({
    name: `probe-${name}-${what.split(" ").at(-1)!}`,
    task: `The ${what} of an image of source ${source}`,
    source,
    splitRule: byConcept,
    images: ({ cache }: EvaluationContext) => byCategory(cache, source, split, category),
  })),
  {
    name: "probe-scene",
    task: "What a photograph of a landscape shows",
    source: "Endless Sky's landscapes",
    splitRule: "by photograph; none is trained on",
    async *images({ cache }) {
      for await (const pair of builtPairs(cache, "space", "test"))
        yield { sample: pair, label: pair.fields.concept, part: partOf(pair.key) };
    },
  },
  ...[
    [
      "terrain",
      "The kind of terrain of a tile",
      "by first word of the file: variants share a part",
    ],
    ["units", "The faction of a figure", "by figure: its frames share a part"],
    ["digits", "The digit that was written", "by digit"],
  ].map(([source = "", task = "", splitRule = ""]) => ({
    name: `probe-${source}`,
    task,
    source,
    splitRule,
    images: ({ cache }: EvaluationContext) => loneImages(cache, source),
  })),
];

export const labeledByPeople: readonly ProbeRecipe[] = recipes.map((recipe) => ({
  ...recipe,
  synthetic: false,
}));
