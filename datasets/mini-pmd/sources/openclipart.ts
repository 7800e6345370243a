/** Open Clip Art (Debian package openclipart-svg): drawings in the public domain with title, description, keywords. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "../archive/files.js";
import type { Item, LoneImage } from "../item.js";
import type { Packages } from "../packages.js";
import { fittedSvg } from "./fitted.js";
import { collapse, cut, decodeEntities, distinct, keyOf, plain, wordsOf } from "./prose.js";

const set = "openclipart";
const license = "public domain";
const largestDrawing = 2_000_000;

/** Desktop themes with uninformative names; their images are still of use. */
const weak = /^computer\/icons\/(?:flat|lemon)-theme\//;
/** Over a thousand hair-thin stars that look alike. */
const unwanted = "shapes/stars/";
/** Names of file types and numbered colors, not of things; and other dispensable ones. */
const codeName =
  /mime|^(?:gnome|kde) |icon theme|plastik icon|clip ?art|[0-9]{2}[a-f0-9]{2,4}$|stripper|naked/;
/** Titles of collections, which say nothing about a single drawing. */
const collectionTitle = /^clipart by|collection|submission|sibmission|theme|iconset|example/i;
/** Signatures of authors in names. */
const signature =
  /\b(?:clipart by nicu buculei|rpg map elements|bwh|aj|svg|openclipart|ganson|clothing|md|jn|symbol 1m)\b/g;
/** Authors who named their drawings in Italian or French. */
const foreignAuthor = /rollandin|guillou/i;
const noKeyword =
  /^(?:hash.*|0x.*|unsorted|clip_?art|.*_member|signs_and_symbols|svg|openclipart|appicon|stock|icons?|symbols?|.{0,2}|\S{17,})$/i;
/** Keywords that run two words together. */
const spelled: Readonly<Record<string, string>> = {
  mapsym: "map symbol",
  networksym: "network symbol",
  musicsym: "music symbol",
  weathersym: "weather symbol",
  roadsign: "road sign",
  bodypart: "body part",
  icecream: "ice cream",
  signalflag: "signal flag",
  bullethole: "bullet hole",
  unitedstates: "united states",
};
const english = /\b(?:an?|the|of|with|and|for|in|on|is|this|that|my|at|from)\b/i;
const noDescription =
  /hash\(|https?:|www\.|@|<|licen[cs]e|creative commons|inkscape|converted|clip ?art|submi|collection|public domain/i;

/** The contents of a drawing's RDF block; empty strings for missing fields. */
interface DrawingInformation {
  readonly title: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly author: string;
}

interface Described {
  readonly path: string;
  readonly information: DrawingInformation;
}

/** Pairs of drawings and their authors' texts. */
export async function* clipartItems(packages: Packages): AsyncGenerator<Item> {
  const folder = await clipartFolder(packages);
  if (folder === undefined) return;
  const described = await readAll(folder);
  const titles = countsOf(described.map(({ information }) => information.title));
  const descriptions = countsOf(described.map(({ information }) => information.description));
  for (const { path, information } of described) {
    const once = (descriptions.get(information.description) ?? 0) < 4;
    const about = { ...information, description: once ? information.description : "" };
    const item = isWeak(path, information)
      ? undefined
      : clipartItem(path, about, titles.get(information.title) ?? 0);
    if (item === undefined) continue;
    const svg = await fitted(packages, item.key, await readFile(join(folder, path), "utf8"));
    if (svg !== undefined) yield { ...item, drawing: { kind: "svg", svg, monochrome: false } };
  }
}

/** The drawings with unusable names. */
export async function* clipartImages(packages: Packages): AsyncGenerator<LoneImage> {
  const folder = await clipartFolder(packages);
  if (folder === undefined) return;
  const keys = new Set<string>(); // "a+b" and "a-b" are one key
  for (const { path, information } of await readAll(folder)) {
    const key = keyOf(set, stem(path));
    if (!isWeak(path, information) || keys.has(key)) continue;
    keys.add(key);
    yield { key, source: "clipart", file: await readFile(join(folder, path)), license };
  }
}

async function fitted(packages: Packages, key: string, svg: string): Promise<string | undefined> {
  try {
    return await fittedSvg(svg);
  } catch (error) {
    packages.onMessage(`${key} is left out, because it cannot be read (${String(error)}).`);
    return undefined;
  }
}

async function clipartFolder(packages: Packages): Promise<string | undefined> {
  const directory = await packages.directory("openclipart-svg");
  return directory === undefined ? undefined : join(directory, "usr/share/openclipart/svg");
}

async function readAll(folder: string): Promise<Described[]> {
  const described: Described[] = [];
  for (const path of await filesUnder(folder)) {
    if (!path.endsWith(".svg") || path.startsWith(unwanted)) continue;
    const file = join(folder, path);
    if ((await stat(file)).size > largestDrawing) continue;
    described.push({ path, information: informationOf(await readFile(file, "utf8")) });
  }
  return described;
}

const isWeak = (path: string, { author }: DrawingInformation): boolean =>
  weak.test(path) || foreignAuthor.test(author);

/** Reads the RDF block of an SVG drawing. */
export function informationOf(svg: string): DrawingInformation {
  const work = /<(?:\w+:)?Work[\s>][\s\S]*?<\/(?:\w+:)?Work>/.exec(svg)?.[0] ?? "";
  const creator = /<dc:creator[\s\S]*?<\/dc:creator>/.exec(work)?.[0] ?? "";
  const keywords = [...work.matchAll(/<rdf:li[^>]*>([^<]*)<\/rdf:li>/g)].map((match) =>
    plain(match[1] ?? ""),
  );
  return {
    title: textOf(work, "dc:title"),
    description: textOf(work, "dc:description"),
    keywords: keywords.filter((keyword) => !noKeyword.test(keyword)),
    author: textOf(creator, "dc:title"),
  };
}

function textOf(xml: string, tag: string): string {
  const text = new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`).exec(xml)?.[1] ?? "";
  return collapse(decodeEntities(decodeEntities(text))); // some are escaped twice
}

/**
 * The item of a drawing, without the drawing itself.
 * @param path within the folder of drawings, such as "food/fruit/pear_01.svg"
 * @param sharers number of drawings with the same title: titles of whole collections say nothing about a single drawing
 * @returns undefined if no text says what the drawing shows
 */
export function clipartItem(
  path: string,
  information: DrawingInformation,
  sharers: number,
): Omit<Item, "drawing"> | undefined {
  const { title, description, author } = information;
  const fileName = nameOfFile(path, author);
  const own = titleInWords(title);
  const collective =
    collectionTitle.test(title) || (sharers > 1 && !(sharers < 20 && shareWord(own, fileName)));
  const called = collective ? fileName : own || fileName;
  const name = playingCard(path) ?? called.replace(/\bbaloon/, "balloon");
  if (!/\p{L}{3}/u.test(name) || codeName.test(name)) return undefined;
  const concept = withKind(name, path);
  const keywords = information.keywords.map(
    (keyword) => spelled[keyword.toLowerCase()] ?? wordsOf(keyword),
  );
  const tags = distinct(keywords.filter((word) => word !== author.toLowerCase()));
  const told = usable(description) ? cut(description) : undefined;
  const fresh = tags.filter((tag) => !concept.includes(tag)).slice(0, 6);
  return {
    key: keyOf(set, stem(path)),
    source: "clipart",
    set,
    family: set,
    concept,
    captions: distinct([
      concept,
      told,
      fresh.length > 0 ? `${concept}: ${fresh.join(", ")}` : undefined,
    ]),
    license,
    ...(author === "" || /hash\(|unknown/i.test(author) ? {} : { author }),
    category: wordsOf(path.split("/")[0] ?? ""),
    tags,
  };
}

/** Flags are named by their country and callouts by their shape; the folder gives the rest. */
function withKind(name: string, path: string): string {
  const kind = /\/(flag|callout)s\//.exec(path)?.[1];
  return kind === undefined || name.includes(kind) ? name : `${name} ${kind}`;
}

/** The words of the file name without those of its author, which the collection appended. */
function nameOfFile(path: string, author: string): string {
  const base = (stem(path).split("/").at(-1) ?? "").toLowerCase().replace(/_(?:\d+|r)?$/, "");
  const signed = `${author.toLowerCase().replace(/[^\p{L}\d]+/gu, "_")}_`;
  const parts = base.split("_");
  const end = parts.findIndex((_, index) => {
    const rest = parts.slice(index).join("_");
    return index > 0 && rest.length > 2 && signed.startsWith(rest);
  });
  const name = end < 0 ? base : parts.slice(0, end).join("_");
  const words = wordsOf(name.replace(/^aiga_/, "").replace(/^back(?=\d)/, "card back"));
  return collapse(words.replace(signature, "")).replace(/\bbw\b/, "in black and white");
}

function titleInWords(title: string): string {
  const words = title
    .replace(/\((?:b|black) ?(?:and|&) ?(?:w|white)\)/i, "in black and white")
    .replace(/_bw\b/, " in black and white")
    .replace(/#\d+/, "");
  return collapse(wordsOf(words).replace(signature, "")).replace(/[ ,-]+$/, "");
}

/** Cards are named by code only: "simple_d_10" is the "10 of diamonds playing card". */
function playingCard(path: string): string | undefined {
  if (/\/games\/cards\/\w+\/[a-z]+_jk/.test(path)) return "joker playing card";
  const [, suit, rank] = /\/games\/cards\/\w+\/[a-z]+_([cdhs])_(\d+|[ajqk])\.svg$/.exec(path) ?? [];
  if (suit === undefined || rank === undefined) return undefined;
  const suits: Record<string, string> = { c: "clubs", d: "diamonds", h: "hearts", s: "spades" };
  const ranks: Record<string, string> = { a: "ace", j: "jack", q: "queen", k: "king" };
  return `${ranks[rank] ?? rank} of ${suits[suit] ?? suit} playing card`;
}

function usable(description: string): boolean {
  const words = description.split(" ").length;
  return words >= 3 && english.test(description) && !noDescription.test(description);
}

function shareWord(a: string, b: string): boolean {
  const words = new Set(a.split(" ").filter((word) => word.length > 2));
  return b.split(" ").some((word) => words.has(word));
}

const stem = (path: string): string => path.replace(/\.svg$/, "");

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
