/** Battle for Wesnoth (Debian package wesnoth-1.16-data): figures with a paragraph, their frames, tiles of terrain. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { filesUnder } from "../archive/files.js";
import type { Item, LoneImage } from "../item.js";
import type { Packages } from "../packages.js";
import { fittedFile } from "./fitted.js";
import { collapse, conceptOf, cut, distinct, keyOf, sentencesOf } from "./prose.js";

const set = "wesnoth";
const license = "GPL-2+";

/** A block of the game's markup, `[name] key=value ... [/name]`. */
export interface Block {
  readonly name: string;
  readonly values: Map<string, string>;
  readonly children: Block[];
}

/** A figure, or its female form if that has its own image. */
interface Figure {
  readonly id: string;
  readonly name: string;
  readonly race: string;
  readonly description: string;
  /** Paths within the folder of images. */
  readonly image: string;
  readonly portrait?: string;
}

/** Figures, and their painted portraits, with name, race and paragraph. */
export async function* battleItems(packages: Packages): AsyncGenerator<Item> {
  const core = await coreFolder(packages);
  if (core === undefined) return;
  const files = new Set(await filesUnder(join(core, "images")));
  const races = racesOf(blocksOf(await readFile(join(core, "units.cfg"), "utf8")));
  const portraits = new Set<string>(); // some figures share one: it is the first one's
  for (const path of await filesUnder(join(core, "units"))) {
    if (!path.endsWith(".cfg") || path.startsWith("fake/")) continue;
    const text = await readFile(join(core, "units", path), "utf8");
    for (const figure of figuresOf(blocksOf(text))) {
      const images: [string, string | undefined][] = [["figure", figure.image]];
      if (!portraits.has(figure.portrait ?? "")) images.push(["portrait", figure.portrait]);
      portraits.add(figure.portrait ?? "");
      for (const [style, image] of images) {
        if (image === undefined || !files.has(image)) continue;
        const file = await fittedFile(await readFile(join(core, "images", image)));
        const item = battleItem(figure, style, races.get(figure.race));
        if (file !== undefined) yield { ...item, drawing: { kind: "file", file } };
      }
    }
  }
}

/** All frames of the figures; the label is the faction, frames of one figure are a group. */
export async function* unitImages(packages: Packages): AsyncGenerator<LoneImage> {
  const core = await coreFolder(packages);
  if (core === undefined) return;
  const folder = join(core, "images/units");
  for (const path of await filesUnder(folder)) {
    const [, faction, name] = /^([^/]+)\/(.+)\.png$/.exec(path) ?? [];
    if (faction === undefined || name === undefined) continue;
    const file = await fittedFile(await readFile(join(folder, path)));
    if (file === undefined) continue;
    const key = keyOf("wesnoth-units", path.replace(/\.png$/, ""));
    yield { key, source: "units", file, license, label: faction, group: groupOf(faction, name) };
  }
}

/** Parts of the terrain folder that are not terrain: marks of the map editor, shades, edges of the map. */
const noTerrain = /^(?:masks|void|fog|light|symbols|misc|off-map|map-specific|[^/]+\.png)/;
/** Thin edges and a few blades of grass are not recognizable. */
const leastShown = 0.35;
const smallest = 24;
/** Much of the underground is plain black. */
const darkest = 32;

/** Tiles that show enough terrain; the label is the kind of terrain. */
export async function* terrainImages(packages: Packages): AsyncGenerator<LoneImage> {
  const core = await coreFolder(packages);
  if (core === undefined) return;
  const folder = join(core, "images/terrain");
  for (const path of await filesUnder(folder)) {
    const [, terrain, name] = /^([^/]+)\/(.+)\.png$/.exec(path) ?? [];
    if (terrain === undefined || name === undefined || noTerrain.test(path)) continue;
    const file = await fittedFile(await readFile(join(folder, path)));
    if (file === undefined || !(await showsEnough(file))) continue;
    const key = keyOf("wesnoth-terrain", path.replace(/\.png$/, ""));
    const label = terrain.replace("_", " ");
    yield { key, source: "terrain", file, license, label, group: groupOf(terrain, name) };
  }
}

async function coreFolder(packages: Packages): Promise<string | undefined> {
  const directory = await packages.directory("wesnoth-1.16-data");
  return directory && join(directory, "usr/share/games/wesnoth/1.16/data/core");
}

/** Images that may show the same thing: of one folder below the faction, or of one first word. Rather too large than too small. */
function groupOf(folder: string, name: string): string {
  return `${folder}/${name.split(/[/+.-]/)[0] ?? ""}`;
}

async function showsEnough(file: Buffer): Promise<boolean> {
  const { data, info } = await sharp(file)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  let [shown, light] = [0, 0];
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3] ?? 0;
    shown += alpha / 255;
    light += (alpha / 255) * Math.max(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0);
  }
  const pixels = info.width * info.height;
  return (
    Math.min(info.width, info.height) >= smallest &&
    shown >= leastShown * pixels &&
    light >= darkest * shown
  );
}

function battleItem(figure: Figure, style: string, race = ""): Omit<Item, "drawing"> {
  const { id, name, description } = figure;
  const [first = ""] = sentencesOf(description);
  return {
    key: keyOf(set, `${id}-${style}`),
    source: "battle",
    set,
    family: set,
    concept: conceptOf(name),
    captions: distinct([
      `${name}: ${cut(first)}`,
      race === "" || name.includes(race) ? undefined : `${name}, ${race.toLowerCase()}`,
      conceptOf(name),
      cut(description),
    ]),
    license,
    category: race.toLowerCase(),
    style,
    tags: race === "" ? [] : [race.toLowerCase()],
  };
}

/** The figures in a file of units, without those that lack an image or paragraph. */
export function figuresOf(blocks: readonly Block[]): Figure[] {
  return blocks
    .filter(({ name }) => name === "unit_type")
    .flatMap((unit) => {
      const female = unit.children.find(({ name }) => name === "female");
      const figures = [figureOf(unit, unit, "")];
      if (female?.values.has("image")) figures.push(figureOf(female, unit, "-female"));
      return figures.filter((figure) => figure !== undefined);
    });
}

function figureOf(form: Block, unit: Block, suffix: string): Figure | undefined {
  const value = (key: string): string => form.values.get(key) ?? unit.values.get(key) ?? "";
  const pathOf = (key: string): string => (form.values.get(key) ?? "").replace(/~.*$/, "");
  const [name, description] = [spoken(value("name")), spoken(value("description"))];
  const image = pathOf("image");
  if (name === "" || description === "" || image === "") return undefined;
  const portrait = pathOf("profile");
  return {
    id: `${value("id")}${suffix}`,
    name,
    race: value("race"),
    description,
    image,
    ...(portrait === "" || portrait === "unit_image" ? {} : { portrait }),
  };
}

/** The names of races by their ids. */
export function racesOf(blocks: readonly Block[]): Map<string, string> {
  const races = blocks.flatMap(({ children }) => children).filter(({ name }) => name === "race");
  return new Map(
    races.map(({ values }) => [
      values.get("id") ?? "",
      spoken(values.get("male_name") ?? values.get("name") ?? ""),
    ]),
  );
}

/** Text without the hint to translators before `^`, and without markup of the help pages. */
function spoken(text: string): string {
  return collapse(text.replace(/^[^^"]{0,40}\^/, "").replace(/<[^>]*>/g, " "));
}

const token =
  /^[ \t]*\[(?<close>\/?)\+?(?<tag>\w+)\]|^[ \t]*(?<key>\w+)[ \t]*=[ \t]*(?<value>(?:_?[ \t]*"(?:[^"]|"")*"(?:[ \t]*\+\s*(?=_?[ \t]*"))?)+|[^\n]*)|#[^\n]*/gm;

/** Reads the game's markup (WML): blocks and their values; macros and preprocessor lines are skipped. */
export function blocksOf(text: string): Block[] {
  const top: Block = { name: "", values: new Map(), children: [] };
  const open = [top];
  for (const { groups = {} } of text.matchAll(token)) {
    const { close, tag, key, value } = groups;
    const block = open.at(-1) ?? top;
    if (key !== undefined) {
      if (!block.values.has(key)) block.values.set(key, unquoted(value ?? ""));
    } else if (tag !== undefined && close === "") {
      const child = { name: tag, values: new Map<string, string>(), children: [] };
      block.children.push(child);
      open.push(child);
    } else if (tag !== undefined) {
      const last = open.findLastIndex(({ name }) => name === tag);
      if (last > 0) open.length = last;
    }
  }
  return top.children;
}

/** The strings of a value joined, with doubled quotes unescaped; a bare value as it is. */
function unquoted(value: string): string {
  const strings = [...value.matchAll(/"((?:[^"]|"")*)"/g)].map(([, text = ""]) => text);
  return strings.length === 0 ? value.trim() : strings.join("").replaceAll('""', '"');
}
