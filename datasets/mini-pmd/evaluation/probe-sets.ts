/** Images with a class assigned by people, in a training part and a test part for linear probes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sample } from "flava/data";
import type { PairSource } from "../item.js";
import { seededUnit } from "../seeded.js";
import { type BuiltPair, builtPairs, builtSamples } from "./built-pairs.js";
import type { EvaluationContext } from "./context.js";
import { SetFolder, type SetReport } from "./set-folder.js";

type Part = "train" | "test";

/** An image with its class and its part. */
interface Labeled {
  readonly sample: Sample;
  readonly label: string;
  readonly part: Part;
}

interface ProbeRecipe {
  readonly name: string;
  readonly task: string;
  readonly source: string;
  readonly splitRule: string;
  readonly images: (context: EvaluationContext) => AsyncGenerator<Labeled>;
}

/** Minimum number of images of a class in the training part and in the test part. */
const fewest = { train: 8, test: 3 } as const;
/** Maximum number of images of a class in a part: a probe needs no more. */
const most = { train: 400, test: 100 } as const;
const testShare = 0.25;

const partOf = (group: string): Part => (seededUnit("probe", group) < testShare ? "test" : "train");

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
  for (const part of ["train", "test"] as const) {
    for await (const pair of builtPairs(cache, "emoji", part)) {
      const [name = ""] = pair.texts;
      const label = labels.get(name.toLowerCase());
      if (label !== undefined && !name.includes("skin tone")) yield { sample: pair, label, part };
    }
  }
}

const styleNames: Readonly<Record<string, string>> = {
  outline: "outline",
  line: "outline",
  linear: "outline",
  filled: "filled",
  solid: "filled",
  duotone: "duotone",
  "two-tone": "duotone",
};

/** The style of an icon, as its set names it; Phosphor's icons without a word for it are outlines. */
export function styleOf({ fields: { set, style } }: Pick<BuiltPair, "fields">): string | undefined {
  return set === "ph" && style === undefined ? "outline" : styleNames[style ?? ""];
}

async function* styles({ cache }: EvaluationContext): AsyncGenerator<Labeled> {
  for (const part of ["train", "test"] as const) {
    for await (const pair of builtPairs(cache, "icons", part)) {
      const label = styleOf(pair);
      if (label !== undefined && (part === "train" || pair.fields.set === "ph"))
        yield { sample: pair, label, part };
    }
  }
}

const byConcept = "images of one concept share a part; a quarter of the concepts are for testing";
const category = (pair: BuiltPair): string | undefined => pair.fields.category;

const recipes: readonly ProbeRecipe[] = [
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
    name: "probe-stamp-folder",
    task: "The folder of a stamp, such as animals",
    source: "Tux Paint stamps",
    splitRule: "by caption: the stamps that are held out from training are for testing",
    async *images({ cache }) {
      for (const part of ["train", "test"] as const)
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
    ] as const
  ).map(([name, what, source, split]): ProbeRecipe => ({
    name: `probe-${name}-${what.split(" ").at(-1)!}`,
    task: `The ${what} of an image of source ${source}`,
    source,
    splitRule: byConcept,
    images: ({ cache }) => byCategory(cache, source, split, category),
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
  ].map(([source = "", task = "", splitRule = ""]): ProbeRecipe => ({
    name: `probe-${source}`,
    task,
    source,
    splitRule,
    images: ({ cache }) => loneImages(cache, source),
  })),
];

/** Writes all probes whose images were built: shards in train/ and test/, and classes.json. */
export async function* buildProbeSets(context: EvaluationContext): AsyncGenerator<SetReport> {
  for (const recipe of recipes) {
    const labeled: Labeled[] = [];
    for await (const each of recipe.images(context)) labeled.push(each);
    const report = await writeProbeSet(recipe, enough(labeled), context);
    if (report) yield report;
    else context.onMessage(`${recipe.name} is left out: ${recipe.source} is not built.`);
  }
}

async function writeProbeSet(
  { name, task, source, splitRule }: ProbeRecipe,
  labeled: readonly Labeled[],
  { directory }: EvaluationContext,
): Promise<SetReport | undefined> {
  const folder = await SetFolder.begin(directory, name);
  for (const { sample, label, part } of labeled) {
    const { key, image, fields } = sample;
    await folder.add({ key, ...(image && { image }), texts: [], label, fields }, part);
  }
  const classes = [...new Set(labeled.map(({ label }) => label))].sort();
  await folder.write("classes.json", { classes });
  return folder.finish({
    task,
    kind: "linear probe",
    source,
    splitRule: `${splitRule}; of a class at most ${most.train} to train on and ${most.test} to test on`,
    synthetic: false,
    baselines: { chance: 1 / classes.length, "commonest class": commonest(labeled) },
    counts: { classes: classes.length },
  });
}

/** Only classes that have enough images in both parts, and of each no more than needed. */
export function enough(labeled: readonly Labeled[]): Labeled[] {
  const counts = new Map<string, number>();
  const counted = labeled.filter(({ label, part }) => {
    const place = `${part} ${label}`;
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    return count <= most[part];
  });
  const isEnough = (label: string): boolean =>
    (["train", "test"] as const).every(
      (part) => (counts.get(`${part} ${label}`) ?? 0) >= fewest[part],
    );
  return counted.filter(({ label }) => isEnough(label));
}

/** Accuracy of always predicting the class that is commonest in training. */
function commonest(labeled: readonly Labeled[]): number {
  const counts = new Map<string, number>();
  for (const { label, part } of labeled)
    if (part === "train") counts.set(label, (counts.get(label) ?? 0) + 1);
  const [best] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [""];
  const test = labeled.filter(({ part }) => part === "test");
  return test.filter(({ label }) => label === best).length / Math.max(1, test.length);
}
