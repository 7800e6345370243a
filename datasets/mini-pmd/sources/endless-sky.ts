/** Endless Sky (Debian package endless-sky-data): ships and outfits with descriptions, photographs of landscapes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { type Rights, rightsOf } from "../archive/copyright.js";
import { filesUnder } from "../archive/files.js";
import type { Item, LoneImage } from "../item.js";
import type { Packages } from "../packages.js";
import { fittedFile } from "./fitted.js";
import { conceptOf, cut, distinct, keyOf, sentencesOf, wordsOf } from "./prose.js";

const set = "endless-sky";
/** The landscapes are a separate set and family, completely held out as a test of photographs. */
const sceneSet = "endless-sky-scenes";

/** A line of the game's data with the lines indented below it. */
interface DataNode {
  readonly words: readonly string[];
  readonly children: DataNode[];
}

interface Game {
  readonly folder: string;
  /** Paths of images within `images`, such as "outfit/blaster.png". */
  readonly images: readonly string[];
  readonly rights: (path: string) => Rights | undefined;
}

/** Ships and outfits with name, class and paragraph. */
export async function* spaceItems(packages: Packages): AsyncGenerator<Item> {
  const game = await openGame(packages);
  if (game === undefined) return;
  const images = new Map(game.images.map((path) => [path.replace(/([-+~=]0+)?\.png$/, ""), path]));
  const done = new Set<string>();
  for (const path of await filesUnder(join(game.folder, "data"))) {
    const text = await readFile(join(game.folder, "data", path), "utf8");
    for (const thing of thingsOf(dataNodes(text))) {
      const image = images.get(thing.image);
      const item = { ...spaceItem(thing), ...creditOf(game, image ?? "") };
      if (image === undefined || done.has(item.key)) continue;
      done.add(item.key);
      const file = await fittedFile(await readFile(join(game.folder, "images", image)));
      if (file !== undefined) yield { ...item, drawing: { kind: "file", file } };
    }
  }
}

/** Photographs of landscapes with the kind of scene in their file name. Those named after people are left out. */
export async function* sceneItems(packages: Packages): AsyncGenerator<Item> {
  const game = await openGame(packages);
  for (const path of game?.images ?? []) {
    const scene = sceneOf(path);
    if (game === undefined || scene === undefined) continue;
    const file = await readFile(join(game.folder, "images", path));
    yield {
      key: keyOf(sceneSet, path.replace(/\.jpg$/, "")),
      source: "space",
      set: sceneSet,
      family: sceneSet,
      concept: scene,
      captions: [scene],
      drawing: { kind: "file", file },
      ...creditOf(game, path),
      category: scene,
      tags: [],
    };
  }
}

/** Planets, stars, asteroids, shots and glows without words, on the black of space; few frames of each movement. */
export async function* spriteImages(packages: Packages): AsyncGenerator<LoneImage> {
  const game = await openGame(packages);
  for (const path of game?.images ?? []) {
    const [, kind] = /^(asteroid|effect|planet|projectile|star)\/.*\.png$/.exec(path) ?? [];
    if (game === undefined || kind === undefined || !isKeyFrame(path)) continue;
    const fitted = await fittedFile(await readFile(join(game.folder, "images", path)));
    if (fitted === undefined || !(await isFull(fitted))) continue;
    yield {
      key: keyOf("endless-sky-sprites", path.replace(/\.png$/, "")),
      source: "sprites",
      file: await sharp(fitted).flatten({ background: "#000" }).png().toBuffer(),
      license: creditOf(game, path).license,
      label: kind,
      group: path.replace(/[-+~=]?\d*\.png$/, ""),
    };
  }
}

async function openGame(packages: Packages): Promise<Game | undefined> {
  const directory = await packages.directory("endless-sky-data");
  if (directory === undefined) return undefined;
  const folder = join(directory, "usr/share/games/endless-sky");
  const copyright = join(directory, "usr/share/doc/endless-sky-data/copyright");
  return {
    folder,
    images: await filesUnder(join(folder, "images")),
    rights: rightsOf(await readFile(copyright, "utf8")),
  };
}

function creditOf(game: Game, path: string): { license: string; author?: string } {
  // "mountain1*" in the copyright file means that one photograph, not mountain10-harro: the photographer's name decides.
  const rights = game.rights(`images/${path.replace(/^land\/[a-z]+\d+-/, "land/-")}`);
  if (rights === undefined) return { license: "see package" };
  const { license, holder } = rights;
  return /^(?:Various)?$/.test(holder) ? { license } : { license, author: holder };
}

/** What a photograph shows: "land/mountain10-harro.jpg" is a "mountain"; undefined for names of photographers. */
export function sceneOf(path: string): string | undefined {
  const scene = /^land\/([a-z]+)\d+(?:-\w+)?\.jpg$/.exec(path)?.[1];
  return /^(?:bwerner|myrabella|dmottl|mfield|loc|nasa)$/.test(scene ?? "") ? undefined : scene;
}

/** Rays a few pixels wide show nothing. */
async function isFull(file: Buffer): Promise<boolean> {
  const { width, height } = await sharp(file).metadata();
  return Math.min(width, height) >= Math.max(12, Math.max(width, height) / 4);
}

/** Every eighth frame of an animation, and still images. */
function isKeyFrame(path: string): boolean {
  const frame = /[-+~=](\d+)\.png$/.exec(path)?.[1];
  return frame === undefined || Number(frame) % 8 === 0;
}

/** A ship or outfit of the data. */
export interface Thing {
  readonly kind: "ship" | "outfit";
  readonly name: string;
  readonly category: string;
  readonly description: string;
  /** Without folder "images" and extension, such as "ship/aerie". */
  readonly image: string;
}

/** The things of a data file with their own image and a description. */
export function thingsOf(nodes: readonly DataNode[]): Thing[] {
  return nodes.flatMap((node): Thing[] => {
    const [kind, name, variant] = node.words;
    if ((kind !== "ship" && kind !== "outfit") || name === undefined || variant !== undefined)
      return [];
    const attributes = kind === "ship" ? childOf(node, "attributes") : node;
    const category = valueOf(attributes, "category") ?? "";
    const image = valueOf(node, kind === "ship" ? "sprite" : "thumbnail");
    const lines = node.children.filter(({ words }) => words[0] === "description");
    const description = lines
      .map(({ words }) => words[1]?.trim() ?? "")
      .join(" ")
      .trim();
    if (image === undefined || image === "outfit/unknown" || description === "") return [];
    return [{ kind, name, category, description, image }];
  });
}

function spaceItem({
  kind,
  name,
  category,
  description,
}: Thing): Omit<Item, "drawing" | "license"> {
  const [first = ""] = sentencesOf(description);
  const what = category === "" ? kind : kindOf(category);
  return {
    key: keyOf(set, `${kind}-${name}`),
    source: "space",
    set,
    family: set,
    concept: conceptOf(name),
    captions: distinct([
      `${name}: ${cut(first)}`,
      `${name}, ${what}`,
      conceptOf(name),
      cut(description),
    ]),
    category: kind,
    tags: [what],
  };
}

/** Categories are named in the plural: "Engines" are "engines", but a ship is of one class: "light freighter". */
function kindOf(category: string): string {
  return wordsOf(category.replace(/^(Gun|Turret|Engine)s$/, "$1"));
}

const childOf = (node: DataNode, name: string): DataNode | undefined =>
  node.children.find(({ words }) => words[0] === name);

const valueOf = (node: DataNode | undefined, name: string): string | undefined =>
  node && childOf(node, name)?.words[1];

/** Reads the game's data: one node per line, deeper ones indented by tabs, words bare or in "" or ``, comments after #. */
export function dataNodes(text: string): DataNode[] {
  const top: DataNode[] = [];
  const open: DataNode[] = [];
  for (const line of text.split(/\r?\n/)) {
    const depth = /^\t*/.exec(line)?.[0].length ?? 0;
    const words = [...line.matchAll(/"([^"]*)"|`([^`]*)`|(#.*)|([^\s"`]+)/g)]
      .filter(([, , , comment]) => comment === undefined)
      .map(([, quoted, ticked, , bare]) => quoted ?? ticked ?? bare ?? "");
    if (words.length === 0) continue;
    const node = { words, children: [] };
    open.length = Math.min(open.length, depth);
    (open.at(-1)?.children ?? top).push(node);
    open.push(node);
  }
  return top;
}
