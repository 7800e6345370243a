/** Labels, tags and groups of emoji. One table serves the designs of all vendors. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import type { Packages } from "../packages.js";

interface EmojiName {
  /** "grinning face"; with the skin tone if there is one: "waving hand: dark skin tone". */
  readonly label: string;
  /** The label without skin tone. */
  readonly concept: string;
  readonly tags: readonly string[];
  /** "smileys & emotion". */
  readonly group?: string;
}

export interface EmojiNames {
  /** By code points in hexadecimal, such as "1f44b-1f3fb", else by name; case, hyphens and spaces don't matter. */
  find(codePoints: string | undefined, name: string): EmojiName | undefined;
}

const emojibase = z.object({
  label: z.string(),
  hexcode: z.string(),
  tags: z.array(z.string()).optional(),
  group: z.number().optional(),
});
const emojibaseWithSkins = emojibase.extend({ skins: z.array(emojibase).optional() });
const messages = z.object({
  groups: z.array(z.object({ order: z.number(), message: z.string() })),
});
const openmojiRow = z.object({
  hexcode: z.string(),
  group: z.string(),
  annotation: z.string(),
  tags: z.string(),
  openmoji_tags: z.string(),
});

/** Reads the labels of emojibase and the annotations of OpenMoji, which also has its own emoji. */
export async function readEmojiNames(packages: Packages): Promise<EmojiNames> {
  const byCode = new Map<string, EmojiName>();
  const byName = new Map<string, EmojiName>();
  const add = (hexcode: string, name: EmojiName): void => {
    if (!byCode.has(codeKey(hexcode))) byCode.set(codeKey(hexcode), name);
    if (!byName.has(nameKey(name.label))) byName.set(nameKey(name.label), name);
  };
  for (const [hexcode, name] of await emojibaseNames(packages)) add(hexcode, name);
  for (const [hexcode, name] of await openmojiNames(packages)) add(hexcode, name);
  return {
    find: (codePoints, name) =>
      (codePoints === undefined ? undefined : byCode.get(codeKey(codePoints))) ??
      byName.get(nameKey(name)),
  };
}

async function emojibaseNames(packages: Packages): Promise<[string, EmojiName][]> {
  const folder = await packages.directory("emojibase-data");
  if (folder === undefined) return [];
  const json = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, "en", file), "utf8"));
  const groups = new Map(
    messages.parse(await json("messages.json")).groups.map((group) => [group.order, group.message]),
  );
  return z
    .array(emojibaseWithSkins)
    .parse(await json("data.json"))
    .flatMap((emoji) => {
      const group = emoji.group === undefined ? undefined : groups.get(emoji.group);
      const shared = { tags: emoji.tags ?? [], ...(group !== undefined && { group }) };
      const concept = plain(emoji.label);
      return [emoji, ...(emoji.skins ?? [])].map(({ hexcode, label }): [string, EmojiName] => [
        hexcode,
        { label: plain(label), concept, ...shared },
      ]);
    });
}

async function openmojiNames(packages: Packages): Promise<[string, EmojiName][]> {
  const folder = await packages.directory("openmoji");
  if (folder === undefined) return [];
  const text = await readFile(join(folder, "data", "openmoji.csv"), "utf8");
  const rows = z.array(openmojiRow).parse(parse(text, { columns: true, bom: true }));
  return rows.map((row) => {
    const label = plain(row.annotation);
    const tags = [row.tags, row.openmoji_tags].flatMap((list) => list.split(",").map(plain));
    const group = row.group.replaceAll("-", " ");
    const concept = label.replace(/: [a-z, -]*skin tones?$/, "");
    return [
      row.hexcode,
      { label, concept, tags: [...new Set(tags)].filter((tag) => tag !== ""), group },
    ];
  });
}

const plain = (text: string): string =>
  text.normalize("NFC").replace(/[“”]/g, '"').trim().toLowerCase();
const codeKey = (codes: string): string => codes.toLowerCase().replace(/-fe0f|^fe0f-/g, "");
const nameKey = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^flag-for-(flag-)?/, "flag")
    .normalize("NFD")
    .replace(/[^a-z0-9]/g, "");
