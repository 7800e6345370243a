/** Sweet Home 3D's furniture (Debian package sweethome3d-furniture): renders with name, tags and room. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "../archive/files.js";
import { zipEntries } from "../archive/zip.js";
import type { Item } from "../item.js";
import type { Packages } from "../packages.js";
import { collapse, conceptOf, distinct, keyOf } from "./prose.js";

const set = "sweethome3d";
const catalogName = "PluginFurnitureCatalog.properties";

/** Pairs of furniture and names, from each catalog of the package. */
export async function* furnitureItems(packages: Packages): AsyncGenerator<Item> {
  const directory = await packages.directory("sweethome3d-furniture");
  if (directory === undefined) return;
  for (const path of await filesUnder(directory)) {
    if (!path.endsWith(".sh3f")) continue;
    const entries = zipEntries(await readFile(join(directory, path)));
    const catalog = entries.get(catalogName)?.().toString("latin1") ?? "";
    for (const { icon, ...item } of furniture(catalog)) {
      const file = entries.get(icon)?.();
      if (file !== undefined) yield { ...item, drawing: { kind: "file", file } };
    }
  }
}

type Furniture = Omit<Item, "drawing"> & { readonly icon: string };

/** The pieces of a catalog; `icon` is the entry of the archive with the image. */
export function furniture(catalog: string): Furniture[] {
  const properties = propertiesOf(catalog);
  const license = licenseOf(properties.get("license") ?? "");
  const house = collapse(properties.get("name") ?? "");
  const pieces: Furniture[] = [];
  for (let index = 1; properties.has(`id#${index}`); index++) {
    const field = (name: string): string => collapse(properties.get(`${name}#${index}`) ?? "");
    const [id, name, icon, author] = ["id", "name", "icon", "creator"].map(field);
    if (!id || !name || !icon) continue;
    // Some tags name the house or project that the model comes from, which is not visible.
    const tags = distinct(field("tags").split(",")).filter(
      (tag) => !house.startsWith(tag) && tag !== "SCPTS",
    );
    const room = field("category");
    pieces.push({
      icon: icon.replace(/^\//, ""),
      key: keyOf(set, id),
      source: "furniture",
      set,
      family: set,
      concept: conceptOf(name),
      captions: captionsOf(name, tags, room),
      license,
      ...(author ? { author } : {}),
      category: room.toLowerCase(),
      tags: tags.map((tag) => tag.toLowerCase()),
    });
  }
  return pieces;
}

function captionsOf(name: string, tags: readonly string[], room: string): string[] {
  const more = tags.map((tag) => tag.toLowerCase());
  return distinct([
    conceptOf(name),
    more.length > 0 ? `${name}: ${more.join(", ")}` : undefined,
    room === "" || room === "Miscellaneous" ? undefined : `${name} (${room.toLowerCase()})`,
  ]);
}

function licenseOf(text: string): string {
  if (/public domain/i.test(text)) return "public domain";
  return /attribution 3\.0/i.test(text) ? "CC-BY-3.0" : "see package";
}

/** Java's property files: `key=value`, comments after #, a backslash continues the line, \uXXXX escapes. */
function propertiesOf(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.replace(/\\\r?\n\s*/g, "").split(/\r?\n/)) {
    const [, key, value] = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    const decoded = value.replace(/\\u([\da-f]{4})/gi, (_, code: string) =>
      String.fromCharCode(parseInt(code, 16)),
    );
    properties.set(key, decoded.replace(/\\(.)/g, "$1"));
  }
  return properties;
}
