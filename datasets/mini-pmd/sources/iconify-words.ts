/** Words for the icons of a set: concept, captions and tags from names, aliases, categories and tables. */
import { captionsOf, isTelling } from "../caption.js";
import { familyOf } from "../families.js";
import { type IconName, type NameStyles, parseIconName } from "../icon-name.js";
import type { Item, PairSource } from "../item.js";
import type { IsNoun } from "../nouns.js";
import type { EmojiNames } from "./emoji-names.js";
import { countryOf, flagCaptions } from "./flag-names.js";
import type { Collection, IconifySet } from "./iconify-set.js";

/** Tables from other packages. */
export interface WordTables {
  readonly isNoun: IsNoun;
  readonly emoji: EmojiNames;
  /** Search terms of Font Awesome's icons by name. */
  readonly terms: ReadonlyMap<string, readonly string[]>;
}

export type Words = Pick<Item, "source" | "concept" | "captions" | "category" | "style" | "tags">;

/** Sets of logos of companies, programs and file types outside the category of logos. */
const logoSets = new Set([
  "fa-brands",
  "fa6-brands",
  "devicon",
  "devicon-plain",
  "skill-icons",
  "file-icons",
  "vscode-icons",
  "material-icon-theme",
  "catppuccin",
  "gcp",
  "k8s",
  "unjs",
  "academicons",
]);

/** Sets that end their names with a size without declaring it. */
const undeclaredSizes: Readonly<Record<string, readonly number[]>> = {
  maki: [11, 15],
  osmic: [10, 14],
};

/** Sets that number the variants of an image without a hyphen: "mirror2". */
const gluedNumbers = new Set(["reicon", "raphael"]);

/** Sets that run the words of a name together, so that unknown names are uninformative. */
const runTogether = new Set(["fxemoji"]);

/** Words that number the variants of an image, in a family that does not use digits for it. */
const spelledNumber = / (one|two|three|four|five|six)$/;

/** Splits a name of the set, by the conventions of its house. */
export function nameOf(set: string, name: string, styles: NameStyles): IconName {
  const parsed = parseIconName(name, styles);
  const size = undeclaredSizes[set]?.find((size) => name.endsWith(`-${size}`));
  if (size !== undefined) {
    return { ...parsed, concept: parsed.concept.replace(new RegExp(` ${size}$`), ""), size };
  }
  if (familyOf(set) === "icon-park") {
    return { ...parsed, concept: parsed.concept.replace(spelledNumber, "") };
  }
  if (!gluedNumbers.has(set)) return parsed;
  return { ...parsed, concept: parsed.concept.replace(/(?<=[a-z]{3})\d$/, "") };
}

/** The words of each icon of a set; undefined if its name is uninformative. */
export function wordsOfSet(
  set: IconifySet,
  collection: Collection,
  tables: WordTables,
  styles: NameStyles,
): (name: string, parsed: IconName) => Words | undefined {
  const categories = firstCategories(set);
  const others = otherNames(set);
  const codes = new Map(Object.entries(set.chars ?? {}).map(([code, name]) => [name, code]));
  return (name, parsed) => {
    const category = categories.get(name);
    const source = sourceOf(set.prefix, name, collection, category);
    const known = { source, ...(category !== undefined && { category }) };
    if (source === "emoji") {
      const words = emojiWords(tables, codes.get(name), name);
      if (words ?? runTogether.has(set.prefix)) return words && { ...known, ...words };
    }
    if (collection.category === "Flags / Maps" && collection.palette) {
      const words = flagWords(parsed.concept);
      return words && { ...known, ...words };
    }
    if (source === "logos") {
      const words = logoWords(parsed.concept, tables);
      return words && { ...known, ...words };
    }
    if (!isTelling(parsed.concept)) return undefined;
    const tags = familyOf(set.prefix) === "font-awesome" ? termsOf(tables, name) : [];
    const aliases = (others.get(name) ?? []).map(
      (other) => nameOf(set.prefix, other, styles).concept,
    );
    const kind = source === "emoji" ? "emoji" : "icon";
    const parts = { ...parsed, ...known, kind, tags, others: aliases.filter(isTelling) };
    const { concept, style } = parsed;
    const captions = captionsOf(parts, tables.isNoun);
    return { ...known, concept, captions, tags, ...(style !== undefined && { style }) };
  };
}

type ToldWords = Pick<Words, "concept" | "captions" | "tags">;

function logoWords(name: string, { isNoun }: WordTables): ToldWords | undefined {
  const concept = name
    .replace(/^(brand|logo|file type) /, "")
    .replace(/ (logo|wordmark|icon)$/, "");
  // The marks on folders are so small that they can hardly be seen, and there are hundreds of them.
  if (!isTelling(concept) || concept.startsWith("folder ")) return undefined;
  return { concept, captions: captionsOf({ concept, kind: "logo" }, isNoun), tags: [] };
}

function emojiWords(
  { emoji, isNoun }: WordTables,
  code: string | undefined,
  name: string,
): ToldWords | undefined {
  const found = emoji.find(code, name);
  if (!found) return undefined;
  const { label, concept, tags, group } = found;
  const country = /^flag: (.+)$/.exec(label)?.[1];
  if (country !== undefined) {
    return { concept: `flag of ${country}`, captions: flagCaptions(country), tags };
  }
  const parts = {
    concept: label,
    kind: "emoji",
    tags,
    ...(group !== undefined && { category: group }),
  };
  return { concept, captions: captionsOf(parts, isNoun), tags };
}

/** Flag sets name their icons by country: "fr", "gb eng". */
function flagWords(concept: string): ToldWords | undefined {
  const country = countryOf(concept.replaceAll(" ", "-"));
  if (country === undefined) return undefined;
  return { concept: `flag of ${country.toLowerCase()}`, captions: flagCaptions(country), tags: [] };
}

/** Version 4 of Font Awesome marks its outlines with "-o". */
const termsOf = ({ terms }: WordTables, name: string): readonly string[] =>
  terms.get(name) ?? terms.get(name.replace(/-o$/, "")) ?? [];

function sourceOf(
  prefix: string,
  name: string,
  { category, palette }: Collection,
  group = "",
): PairSource {
  if (category === "Emoji") return "emoji";
  const isLogo =
    category === "Logos" ||
    logoSets.has(prefix) ||
    /^(brand|logo)-|-logo(-|$)/.test(name) ||
    /\b(brands?|logos?)\b/i.test(group);
  if (isLogo) return "logos";
  return palette ? "colour-icons" : "icons";
}

/** The first category of each icon by its name. */
function firstCategories(set: IconifySet): Map<string, string> {
  const categories = new Map<string, string>();
  for (const [category, names] of Object.entries(set.categories ?? {})) {
    for (const name of names) if (!categories.has(name)) categories.set(name, category);
  }
  return categories;
}

/** Further names of each icon: aliases that neither rotate nor crop it, by the icon's name. */
function otherNames(set: IconifySet): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [name, { parent, ...change }] of Object.entries(set.aliases ?? {})) {
    if (Object.keys(change).some((key) => key !== "hidden")) continue;
    const list = names.get(parent) ?? [];
    list.push(name);
    names.set(parent, list);
  }
  return names;
}
