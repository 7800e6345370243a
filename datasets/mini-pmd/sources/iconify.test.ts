import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Item } from "../item.js";
import type { Packages } from "../packages.js";
import { type EmojiNames, readEmojiNames } from "./emoji-names.js";
import { countryOf, flagCaptions } from "./flag-names.js";
import { readFontAwesomeTerms } from "./font-awesome.js";
import { isUsable, itemsOfSet } from "./iconify.js";
import { type Collection, type IconifySet, parseSet, svgOf } from "./iconify-set.js";
import type { WordTables } from "./iconify-words.js";

const noEmoji: EmojiNames = { find: () => undefined };
const tables: WordTables = { isNoun: () => true, emoji: noEmoji, terms: new Map() };

const collection: Collection = {
  name: "Invented",
  author: { name: "Ann" },
  license: { title: "MIT", spdx: "MIT" },
  palette: false,
};

const path = (number: number): { body: string } => ({ body: `<path d="M0 0h${number}v1z"/>` });

function items(
  set: Partial<IconifySet>,
  about: Partial<Collection> = {},
  given = tables,
  seen = new Set<string>(),
): Item[] {
  const whole = { prefix: "invented", icons: {}, ...set };
  return [...itemsOfSet(whole, { ...collection, ...about }, given, seen)];
}

describe("icons of a set", () => {
  it("come once in their largest size, unless hidden, animated or a repetition", () => {
    const icons = {
      "key-16": path(16),
      "key-24": path(24),
      "lost-16": path(1),
      secret: { ...path(2), hidden: true },
      spinner: { body: '<path d="M0 0h9v1z"><animate dur="1s"/></path>' },
      twin: path(24),
      "42": path(3),
    };
    const found = items({ icons, suffixes: { "16": "16", "24": "24" } });
    expect(found.map(({ key }) => key)).toEqual(["invented/key-24", "invented/lost-16"]);
  });

  it("take further captions from aliases that show the same image, and from categories", () => {
    const found = items({
      icons: { bin: path(1) },
      aliases: { trash: { parent: "bin" }, nib: { parent: "bin", hFlip: true } },
      categories: { Office: ["bin"] },
    });
    expect(found[0]).toMatchObject({
      concept: "bin",
      captions: ["bin", "trash", "an icon of a bin", "bin (office)", "bin icon"],
      category: "Office",
      license: "MIT",
      author: "Ann",
      source: "icons",
      drawing: { kind: "svg", monochrome: true },
    });
  });

  it("are logos by set, name or category", () => {
    const icons = { "brand-acme": path(1), bird: path(2), acorn: path(3) };
    const found = items({ icons, prefix: "ph", categories: { Brands: ["bird"] } });
    expect(found.map(({ source, concept }) => `${source}: ${concept}`)).toEqual([
      "logos: acme",
      "logos: bird",
      "icons: acorn",
    ]);
    expect(found[0]?.captions).toEqual(["acme", "the logo of acme", "acme logo"]);
  });

  it("of flags are named by country", () => {
    const about = { category: "Flags / Maps", palette: true };
    const icons = { "fr-4x3": path(1), "gb-eng-4x3": path(2), "zz-4x3": path(3) };
    const found = items({ icons, suffixes: { "4x3": "4x3" } }, about);
    expect(found.map(({ concept }) => concept)).toEqual(["flag of france", "flag of england"]);
    expect(found[0]?.source).toBe("colour-icons");
  });

  it("keep their box and their rotation", () => {
    const set = parseSet(JSON.stringify({ prefix: "invented", icons: {}, width: 24, height: 12 }));
    const svg = svgOf(set, { body: "<g/>", rotate: 1, hFlip: true });
    expect(svg).toContain('viewBox="0 0 24 12"');
    expect(svg).toContain('<g transform="rotate(90 12 6) translate(24 0) scale(-1 1)"><g/></g>');
  });
});

describe("sets that are left out", () => {
  it.each<[string, Partial<Collection>]>([
    ["lucide", {}],
    ["fluent-emoji-flat", {}],
    ["iconmind", {}],
    ["invented", { license: { title: "GPL 2.0", spdx: "GPL-2.0-only" } }],
    ["invented", { license: { title: "CC BY-NC-SA 4.0", spdx: "CC-BY-NC-SA-4.0" } }],
    ["invented", { tags: ["Contains Animations"] }],
  ])("%s %j", (prefix, about) => {
    expect(isUsable(prefix, { ...collection, ...about })).toBe(false);
  });

  it("are exactly these", () => {
    expect(isUsable("invented", collection)).toBe(true);
  });
});

describe("names of countries", () => {
  it("are known only for country codes", () => {
    expect(["de", "gb-sct", "eu", "xx", "us-tx", "deu"].map(countryOf)).toEqual([
      "Germany",
      "Scotland",
      "European Union",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("have an article where English requires one", () => {
    expect(flagCaptions("United States")[0]).toBe("flag of the united states");
    expect(flagCaptions("Germany")[0]).toBe("flag of germany");
  });
});

describe("tables of other packages", () => {
  let root: string;
  const packages = (): Packages => ({
    cache: root,
    directory: (name) => Promise.resolve(join(root, name)),
    apt: () => Promise.reject(new Error("not in tests")),
    onMessage: () => undefined,
  });

  const write = async (file: string, value: unknown): Promise<void> => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), typeof value === "string" ? value : JSON.stringify(value));
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "flava-iconify-"));
    const waving = { label: "Waving robot", hexcode: "1F916-FE0F", tags: ["hi"], group: 0 };
    const skins = [{ label: "Waving robot: dark skin tone", hexcode: "1F916-1F3FF" }];
    await write("emojibase-data/en/data.json", [{ ...waving, skins }]);
    await write("emojibase-data/en/messages.json", { groups: [{ order: 0, message: "robots" }] });
    const head = "emoji,hexcode,group,annotation,tags,openmoji_tags";
    await write("openmoji/data/openmoji.csv", `${head}\nx,E0FF,extras,red robot,"tin, toy",toy\n`);
    await write("@fortawesome/fontawesome-free/metadata/icon-families.json", {
      robot: { search: { terms: ["Android", "42", "robot"] }, aliases: { names: ["droid"] } },
    });
  });
  afterAll(() => rm(root, { recursive: true }));

  it("name emoji by code points, else by name, and their skin tones", async () => {
    const emoji = await readEmojiNames(packages());
    expect(emoji.find("1f916", "whatever")?.label).toBe("waving robot");
    expect(emoji.find(undefined, "waving-robot")?.group).toBe("robots");
    const dark = emoji.find("1f916-1f3ff", "");
    expect(dark).toMatchObject({ concept: "waving robot", label: "waving robot: dark skin tone" });
    expect(emoji.find(undefined, "redrobot")?.tags).toEqual(["tin", "toy"]);
    expect(emoji.find(undefined, "green-robot")).toBeUndefined();
    const icons = { "waving-robot": path(1) };
    const found = items({ icons }, { category: "Emoji", palette: true }, { ...tables, emoji });
    expect(found[0]?.captions.slice(0, 2)).toEqual(["waving robot", "waving robot: hi"]);
  });

  it("give search terms of Font Awesome under former names as well", async () => {
    const terms = await readFontAwesomeTerms(packages());
    expect(terms.get("droid")).toEqual(["android", "robot"]);
    const found = items({ prefix: "fa", icons: { "droid-o": path(1) } }, {}, { ...tables, terms });
    expect(found[0]?.tags).toEqual(["android", "robot"]);
  });
});
