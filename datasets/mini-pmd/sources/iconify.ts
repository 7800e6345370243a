/** Icons, emoji, flags and logos of the package @iconify/json: some two hundred sets of named vector images. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { familyOf, splitOfFamily } from "../families.js";
import { type IconName, nameStyles, type NameStyles } from "../icon-name.js";
import type { Item } from "../item.js";
import { readNouns } from "../nouns.js";
import type { Packages } from "../packages.js";
import { seededUnit } from "../seeded.js";
import { readEmojiNames } from "./emoji-names.js";
import { readFontAwesomeTerms } from "./font-awesome.js";
import {
  type Collection,
  type IconifyIcon,
  type IconifySet,
  parseCollections,
  parseSet,
  svgOf,
} from "./iconify-set.js";
import { nameOf, wordsOfSet, type WordTables } from "./iconify-words.js";

/** Sets whose names or images are unusable, with the reason. */
const unusable: Readonly<Record<string, string>> = {
  iconmind: "abstract drawings whose meaning cannot be seen",
  token: "named by the codes of currencies",
  "token-branded": "named by the codes of currencies",
  cryptocurrency: "named by the codes of currencies",
  "cryptocurrency-color": "named by the codes of currencies",
  whh: "words of the names are run together",
  "mono-icons": "the same as mi",
  pepicons: "superseded by pepicons-pop",
};

/** The share of the training logos to keep: names of companies must not outweigh names of things. */
const keptLogos = 0.38;

/** All usable icons, set by set. Equal images of a family, and smaller sizes of an image, come once. */
export async function* iconifyItems(packages: Packages): AsyncGenerator<Item> {
  const folder = await packages.directory("@iconify/json");
  if (folder === undefined) return;
  const tables = {
    isNoun: await readNouns(packages),
    emoji: await readEmojiNames(packages),
    terms: await readFontAwesomeTerms(packages),
  };
  const seen = new Set<string>();
  const collections = parseCollections(await readFile(join(folder, "collections.json"), "utf8"));
  for (const [prefix, collection] of Object.entries(collections)) {
    if (!isUsable(prefix, collection)) continue;
    const set = parseSet(await readFile(join(folder, "json", `${prefix}.json`), "utf8"));
    yield* itemsOfSet(set, collection, tables, seen);
  }
}

/** Whether a set is used: its license permits it, it is not animated, and its family is not reserved. */
export function isUsable(prefix: string, collection: Collection): boolean {
  return (
    splitOfFamily(familyOf(prefix)) !== "excluded" &&
    unusable[prefix] === undefined &&
    !/\bNC\b|^GPL/.test(licenseOf(collection)) &&
    !(collection.tags ?? []).includes("Contains Animations")
  );
}

const licenseOf = ({ license }: Collection): string => license.spdx ?? license.title;

/**
 * The items of one set.
 * @param seen previous images by family; those of this set are added
 */
export function* itemsOfSet(
  set: IconifySet,
  collection: Collection,
  tables: WordTables,
  seen: Set<string>,
): Generator<Item> {
  const styles = nameStyles(set.prefix, Object.keys(set.icons), set.suffixes, set.prefixes);
  const wordsOf = wordsOfSet(set, collection, tables, styles);
  const family = familyOf(set.prefix);
  for (const { name, icon, parsed } of largest(set, styles)) {
    if (/<(animate|set|script|foreignObject|image)\b/.test(icon.body)) continue;
    const image = `${family} ${createHash("sha1").update(icon.body).digest("base64")}`;
    const words = seen.has(image) ? undefined : wordsOf(name, parsed);
    const key = `${set.prefix}/${name}`;
    if (!words || (words.source === "logos" && isSpareLogo(family, key))) continue;
    seen.add(image);
    yield {
      key,
      set: set.prefix,
      family,
      ...words,
      drawing: { kind: "svg", svg: svgOf(set, icon), monochrome: !collection.palette },
      license: licenseOf(collection),
      author: collection.author.name,
    };
  }
}

const isSpareLogo = (family: string, key: string): boolean =>
  splitOfFamily(family) === "train" && seededUnit("logo", key) > keptLogos;

interface Named {
  readonly name: string;
  readonly icon: IconifyIcon;
  readonly parsed: IconName;
}

/** The visible icons, each image in its largest size; a name without a size counts as larger still. */
function largest(set: IconifySet, styles: NameStyles): Iterable<Named> {
  const best = new Map<string, Named>();
  for (const [name, icon] of Object.entries(set.icons)) {
    if (icon.hidden) continue;
    const parsed = nameOf(set.prefix, name, styles);
    const { size = Infinity } = parsed;
    // Only variants of size replace one another; other names with the same concept are other images.
    const image = name.replace(new RegExp(`-${size}(px)?(?=-|$)`), "");
    const rival = best.get(image);
    if (!rival || (rival.parsed.size ?? Infinity) < size) best.set(image, { name, icon, parsed });
  }
  return best.values();
}
