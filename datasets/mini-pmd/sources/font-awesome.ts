/** Search terms of Font Awesome's icons. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Packages } from "../packages.js";

const icon = z.object({
  search: z.object({ terms: z.array(z.unknown()) }).optional(),
  aliases: z.object({ names: z.array(z.string()).optional() }).optional(),
});

/** Search terms by the name of an icon, present or former. Empty if the package is not available. */
export async function readFontAwesomeTerms(
  packages: Packages,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const terms = new Map<string, readonly string[]>();
  const folder = await packages.directory("@fortawesome/fontawesome-free");
  if (folder === undefined) return terms;
  const text = await readFile(join(folder, "metadata", "icon-families.json"), "utf8");
  const icons = z.record(z.string(), icon).parse(JSON.parse(text));
  for (const [name, { search, aliases }] of Object.entries(icons)) {
    const words = (search?.terms ?? []).filter((term) => typeof term === "string");
    const telling = [...new Set(words.map((word) => word.toLowerCase()))].filter((word) =>
      /^[a-z][a-z -]+$/.test(word),
    );
    for (const each of [name, ...(aliases?.names ?? [])]) terms.set(each, telling);
  }
  return terms;
}
