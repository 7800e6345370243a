/** GCompris (Debian package gcompris-qt-data): images of monuments, animals, tools ... with words or a paragraph. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "../archive/files.js";
import { qtResources } from "../archive/qt-resources.js";
import type { Entries } from "../archive/zip.js";
import type { Item } from "../item.js";
import type { Packages } from "../packages.js";
import { fittedDrawing } from "./fitted.js";
import { collapse, conceptOf, cut, distinct, keyOf, sentencesOf, wordsOf } from "./prose.js";

const set = "gcompris";

/** The program's text about one of its images. */
export interface Entry {
  /** The path of the image within the resources. */
  readonly image: string;
  readonly name: string;
  readonly sentences: readonly string[];
  readonly category: string;
}

/** Resource files, and the format of their texts about images. */
const readers: Readonly<Record<string, (resources: Entries) => Entry[]>> = {
  explore_monuments: exploreEntries,
  explore_farm_animals: exploreEntries,
  explore_world_animals: exploreEntries,
  solar_system: planetEntries,
  details: sightEntries,
  lang: namedBy(/\/resource\/words_sample\/(?<name>[^/]+)\.webp$/, "word"),
  instruments: namedBy(/\/instruments\/resource\/(?<name>(?!background)[^/]+)\.svg$/, "instrument"),
  categorization: namedBy(
    /\/resource\/images\/(?<category>monuments|tools|renewable|fishes|others)\/(?<name>[^/]+)\.webp$/,
    "thing",
  ),
};

/** Pairs of images and words or sentences. */
export async function* encyclopediaItems(packages: Packages): AsyncGenerator<Item> {
  const directory = await packages.directory("gcompris-qt-data");
  if (directory === undefined) return;
  const folder = join(directory, "usr/share/gcompris-qt/rcc");
  for (const path of await filesUnder(folder)) {
    const activity = path.replace(/\.rcc$/, "");
    const reader = readers[activity];
    if (reader === undefined) continue;
    const resources = qtResources(await readFile(join(folder, path)));
    const licenses = licensesOf(resources);
    for (const entry of reader(resources)) {
      const file = resources.get(entry.image)?.();
      const drawing = file && (await fittedDrawing(entry.image, file));
      if (drawing === undefined) continue;
      const credit = licenses.get(entry.image.split("/").at(-1) ?? "");
      yield { ...encyclopediaItem(activity, entry), ...(credit ?? {}), drawing };
    }
  }
}

function encyclopediaItem(activity: string, entry: Entry): Omit<Item, "drawing"> {
  const { image, name, sentences, category } = entry;
  const [text = ""] = sentences;
  const [first] = sentencesOf(text);
  return {
    key: keyOf(set, `${activity}-${(image.split("/").at(-1) ?? "").replace(/\.\w+$/, "")}`),
    source: "encyclopedia",
    set,
    family: set,
    concept: conceptOf(name),
    captions: distinct([
      first === undefined ? undefined : cut(first.includes(name) ? first : `${name}: ${first}`),
      name,
      text === "" ? undefined : cut(`${name}. ${text}`),
      sentences[1],
      activity === "categorization" && ![name, "other"].includes(category)
        ? `${name} (${category})`
        : undefined,
    ]),
    license: "see package",
    category,
    tags: [category],
  };
}

/** Boards of `{ "title": qsTr(..), "text": qsTr(..), "image2": "qrc:/.." }`: the image of a text is image2. */
export function exploreEntries(resources: Entries): Entry[] {
  return boardsOf(resources, /\/board\/board\d+\.qml$/).flatMap(({ text, path }) =>
    objectsOf(text, "title").flatMap((fields): Entry[] => {
      const { title = "", text: paragraph = "", image2 = "" } = fields;
      const category = /explore_(?:\w+_)?(\w+?)s\//.exec(path)?.[1] ?? "";
      if (title === "" || image2 === "") return [];
      // Farm animals come with a riddle, "This animal has a comb on its head.", which is as good a sentence.
      const { text2: riddle = "" } = fields;
      const said = riddle.startsWith("This animal")
        ? [riddle.replace("This animal", `The ${title.toLowerCase()}`)]
        : [];
      const sentences = [paragraph, ...said].filter((sentence) => sentence !== "");
      return [{ image: pathOf(image2), name: title, sentences, category }];
    }),
  );
}

/** The Sun and its planets: `"realImg": "qrc:/..", "bodyName": qsTr(..)`. */
function planetEntries(resources: Entries): Entry[] {
  return boardsOf(resources, /Dataset\.js$/).flatMap(({ text }) =>
    objectsOf(text, "realImg").flatMap(({ realImg = "", bodyName = "" }) =>
      realImg === "" || bodyName === ""
        ? []
        : [{ image: pathOf(realImg), name: bodyName, sentences: [], category: "planet" }],
    ),
  );
}

/** Castles, towers and paintings: each instruction refers to the image in the background of the board. */
function sightEntries(resources: Entries): Entry[] {
  return boardsOf(resources, /\/board\/board[\d_]+\.qml$/).flatMap(({ text, path }): Entry[] => {
    const name = /instruction\s*:\s*qsTr\("((?:[^"\\]|\\.)*)"\)/.exec(text)?.[1];
    const background = /"pixmapfile"\s*:\s*"(image\/[^"]*_background\.\w+)"/.exec(text)?.[1];
    if (name === undefined || background === undefined) return [];
    const image = path.replace(/board\/[^/]+$/, background);
    return [{ image, name: collapse(name), sentences: [], category: "sight" }];
  });
}

/** Images described only by their file name. */
function namedBy(pattern: RegExp, kind: string): (resources: Entries) => Entry[] {
  return (resources) =>
    [...resources.keys()].flatMap((image): Entry[] => {
      const groups = pattern.exec(image)?.groups;
      if (groups?.name === undefined) return [];
      const category = singular[groups.category ?? ""] ?? kind;
      return [{ image, name: nameOfFile(groups.name), sentences: [], category }];
    });
}

const singular: Readonly<Record<string, string>> = {
  monuments: "monument",
  tools: "tool",
  renewable: "renewable energy",
  fishes: "fish",
  others: "other",
};

/** File names that are abbreviated or misspelled. */
const fullNames: Readonly<Record<string, string>> = {
  solar: "solar panel",
  burj: "burj khalifa",
  "kutub minar": "qutub minar",
  buffetset: "buffet set",
  blackslate: "black slate",
  "screw driver": "screwdriver",
  plier: "pliers",
  tweezer: "tweezers",
  "flute traversiere": "transverse flute",
};

function nameOfFile(fileName: string): string {
  const words = wordsOf(fileName);
  return fullNames[words] ?? words;
}

function boardsOf(resources: Entries, pattern: RegExp): { path: string; text: string }[] {
  return [...resources]
    .filter(([path]) => pattern.test(path))
    .map(([path, read]) => ({ path, text: read().toString("utf8") }));
}

/** String fields of the objects of a script, each beginning at the field `first` or at a brace before it. */
function objectsOf(script: string, first: string): Record<string, string>[] {
  const objects: Record<string, string>[] = [];
  for (const object of script.split(/\{/)) {
    if (!object.includes(`"${first}"`)) continue;
    const fields = object.matchAll(/"(\w+)"\s*:\s*(?:qsTr\()?"((?:[^"\\]|\\.)*)"/g);
    objects.push(
      Object.fromEntries(
        [...fields].map(([, key = "", value = ""]) => [
          key,
          collapse(value.replace(/\\n/g, " ").replace(/\\(.)/g, "$1")),
        ]),
      ),
    );
  }
  return objects;
}

const pathOf = (address: string): string => address.replace(/^qrc:\/+/, "");

/** License and author by file name, from the notes beside the images. */
export function licensesOf(resources: Entries): Map<string, { license: string; author?: string }> {
  const credits = new Map<string, { license: string; author?: string }>();
  for (const [path, read] of resources) {
    if (!/\/(?:README|Licence\.txt)$/.test(path)) continue;
    for (const paragraph of read()
      .toString("utf8")
      .split(/\n\s*\n/)) {
      const license = /^License: *(\S.*)$/m.exec(paragraph)?.[1]?.trim();
      const author = /^Copyright: *(\S.*)$/m
        .exec(paragraph)?.[1]
        ?.replace(/,? *\d{4}(?:-\d{4})?/g, "")
        .trim();
      if (license === undefined) continue;
      const credit = { license, ...(author === undefined ? {} : { author }) };
      for (const [file] of paragraph.matchAll(/[^\s/]+\.(?:webp|svg|png|jpg)$/gm))
        credits.set(file, credit);
    }
  }
  return credits;
}
