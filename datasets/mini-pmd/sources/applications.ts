/** Applications of Debian (AppStream, DEP-11): icons with name, summary and description. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readTar } from "../archive/tar.js";
import { debianIndexes } from "../debian-indexes.js";
import type { Item } from "../item.js";
import type { Packages } from "../packages.js";
import { type Component, componentsOf } from "../archive/components.js";
import { conceptOf, cut, distinct, keyOf, plain, sentencesOf } from "./prose.js";

const set = "appstream";
/** An icon shared by this many applications represents none of them. */
const mostSharers = 2;

/** Pairs of icons and their applications' descriptions. */
export async function* applicationItems(packages: Packages): AsyncGenerator<Item> {
  const paths = await debianIndexes(packages, "DEP-11", "DEP-11-icons", "DEP-11-icons-large");
  if (paths === undefined) return;
  const large = await readTar(paths["DEP-11-icons-large"]);
  const small = await readTar(paths["DEP-11-icons"]);
  const packed = await readFile(paths["DEP-11"]);
  const components = componentsOf((await promisify(gunzip)(packed)).toString("utf8"));
  const images = components.map(({ icon }) => large.get(icon) ?? small.get(icon));
  const digests = images.map((file) => file && createHash("sha256").update(file).digest("hex"));
  const sharers = new Map<string, number>();
  for (const digest of digests)
    if (digest !== undefined) sharers.set(digest, (sharers.get(digest) ?? 0) + 1);
  const keys = new Set<string>();
  for (const [index, component] of components.entries()) {
    const [file, digest] = [images[index], digests[index]];
    if (file === undefined || (sharers.get(digest ?? "") ?? 0) > mostSharers) continue;
    const item = applicationItem(component);
    if (item === undefined || keys.has(item.key)) continue;
    keys.add(item.key);
    yield { ...item, drawing: { kind: "file", file } };
  }
}

/** The item of a component, without its icon; undefined if it has no description. */
export function applicationItem(component: Component): Omit<Item, "drawing"> | undefined {
  const name = plain(component.name);
  const summary = plain(component.summary);
  if (name === "" || summary.split(" ").length < 2) return undefined;
  const description = proseOf(component.description);
  const [first] = sentencesOf(description);
  const categories = component.categories.map((category) =>
    category.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").toLowerCase(),
  );
  const keywords = component.keywords.map((keyword) => plain(keyword).toLowerCase());
  return {
    key: keyOf(set, component.id),
    source: "applications",
    set,
    family: set,
    concept: conceptOf(name),
    captions: distinct([
      summary,
      `${name}: ${summary}`,
      first === undefined ? undefined : cut(first),
      cut(description),
    ]),
    license: "see package",
    category: categories[0] ?? component.type,
    tags: distinct([...keywords.slice(0, 8), ...categories]),
  };
}

/** Paragraphs that are lists, or lead to one, or to a page elsewhere. */
const noProse = /^$|^[-*•] |\s[-*•] .*\s[-*•] |:$|https?:/;

/** The paragraphs of a description without its lists. */
function proseOf(description: string): string {
  const paragraphs = [...description.matchAll(/<p[^>]*>([\s\S]*?)<\/p>/g)]
    .map(([, text = ""]) =>
      plain(text).replace(/([.!?])? \.(?= |$)/g, (_, stop?: string) => stop ?? "."),
    )
    .filter((text) => !noProse.test(text));
  return paragraphs.map((text) => (/[.!?…]["')]?$/.test(text) ? text : `${text}.`)).join(" ");
}
