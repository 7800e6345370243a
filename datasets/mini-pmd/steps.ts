/** The steps of the mini-PMD: one per source, built as a whole or not at all. */
import { type Split, splitOfFamily } from "./families.js";
import type { Item, LoneImage, LoneText } from "./item.js";
import type { Packages } from "./packages.js";
import { seededUnit } from "./seeded.js";
import { applicationItems } from "./sources/applications.js";
import { digitImages } from "./sources/digits.js";
import { sceneItems, spaceItems, spriteImages } from "./sources/endless-sky.js";
import { encyclopediaItems } from "./sources/gcompris.js";
import { iconifyItems } from "./sources/iconify.js";
import { foodItems } from "./sources/ifct.js";
import { clipartItems, clipartImages } from "./sources/openclipart.js";
import { scienceImages } from "./sources/skimage.js";
import { furnitureItems } from "./sources/sweethome3d.js";
import { stampItems } from "./sources/tuxpaint.js";
import { wallpaperImages } from "./sources/wallpapers.js";
import { battleItems, terrainImages, unitImages } from "./sources/wesnoth.js";
import { textSources } from "./text/sources.js";

export interface PairStep {
  readonly kind: "pairs";
  readonly name: string;
  readonly parts: readonly {
    readonly items: (packages: Packages) => AsyncIterable<Item>;
    readonly split: (item: Item) => Split | "excluded";
  }[];
}

export interface ImageStep {
  readonly kind: "images";
  readonly name: string;
  readonly images: (packages: Packages) => AsyncIterable<LoneImage>;
}

export interface TextStep {
  readonly kind: "text";
  readonly name: string;
  readonly texts: (packages: Packages) => AsyncIterable<LoneText>;
}

export type Step = PairStep | ImageStep | TextStep;

const train = (): Split => "train";
const test = (): Split => "test";

/** The held-out part of the stamps, by caption: images with the same caption share a split. */
const stampsHeldOut = 0.2;

const stampSplit = (item: Item): Split =>
  seededUnit("stamp", item.captions[0] ?? item.key) < stampsHeldOut ? "test" : "train";

function pairs(
  name: string,
  items: PairStep["parts"][0]["items"],
  split: (item: Item) => Split,
): Step {
  return { kind: "pairs", name, parts: [{ items, split }] };
}

/** In build order: icons first, since all others are compared with the held-out ones. */
export const steps: readonly Step[] = [
  {
    kind: "pairs",
    name: "iconify",
    parts: [{ items: iconifyItems, split: (item) => splitOfFamily(item.family) }],
  },
  pairs("clipart", clipartItems, train),
  pairs("stamps", stampItems, stampSplit),
  pairs("applications", applicationItems, train),
  pairs("furniture", furnitureItems, train),
  {
    kind: "pairs",
    name: "space",
    parts: [
      { items: spaceItems, split: train },
      { items: sceneItems, split: test },
    ],
  },
  pairs("battle", battleItems, train),
  pairs("encyclopedia", encyclopediaItems, train),
  pairs("food", foodItems, test),
  ...Object.entries({
    terrain: terrainImages,
    units: unitImages,
    wallpapers: wallpaperImages,
    science: scienceImages,
    sprites: spriteImages,
    digits: digitImages,
    "clipart-pictures": clipartImages,
  }).map(([name, images]): Step => ({ kind: "images", name, images })),
  ...Object.entries(textSources).map(([name, texts]): Step => ({ kind: "text", name, texts })),
];
