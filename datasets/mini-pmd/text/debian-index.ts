/** Packages of Debian's archive: descriptions, sections, source packages. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { debianIndexes } from "../debian-indexes.js";
import type { Packages } from "../packages.js";

export interface DebianDescription {
  readonly name: string;
  /** The source package that this one is built from: packages of one source share their texts. */
  readonly sourcePackage: string;
  /** Such as "games"; empty if the index gives none. */
  readonly section: string;
  /** The one-line summary. */
  readonly summary: string;
  /** The long description, lists left out. */
  readonly paragraphs: readonly string[];
}

/**
 * All packages of the main archive with their English descriptions, in the index's order. None if the indexes are
 * not available (with a message to `onMessage`).
 */
export async function* debianDescriptions(packages: Packages): AsyncGenerator<DebianDescription> {
  const paths = await debianIndexes(packages, "Packages", "Translations");
  if (!paths) return;
  const origins = new Map<string, { sourcePackage: string; section: string }>();
  for await (const record of controlRecords(paths.Packages)) {
    const name = record.get("Package") ?? "";
    const sourcePackage = record.get("Source")?.split(" ")[0] ?? name;
    origins.set(name, { sourcePackage, section: record.get("Section") ?? "" });
  }
  const seen = new Set<string>();
  for await (const record of controlRecords(paths.Translations)) {
    const name = record.get("Package");
    const text = record.get("Description-en");
    if (name === undefined || text === undefined || seen.has(name)) continue;
    seen.add(name);
    const origin = origins.get(name) ?? { sourcePackage: name, section: "" };
    yield { name, ...origin, ...parseDescription(text) };
  }
}

/** The records of an index file: fields by name; continuation lines are joined by line breaks, without their indent. */
async function* controlRecords(path: string): AsyncGenerator<Map<string, string>> {
  let record = new Map<string, string>();
  let field = "";
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    if (line === "") {
      if (record.size > 0) yield record;
      record = new Map();
      continue;
    }
    if (line.startsWith(" ")) {
      record.set(field, `${record.get(field) ?? ""}\n${line.slice(1)}`);
      continue;
    }
    const colon = line.indexOf(":");
    field = line.slice(0, colon);
    record.set(field, line.slice(colon + 1).trim());
  }
  if (record.size > 0) yield record;
}

/** Summary and paragraphs of a Description field: a line of "." separates paragraphs, deeper lines are lists or tables. */
export function parseDescription(text: string): { summary: string; paragraphs: string[] } {
  const [summary = "", ...lines] = text.split("\n");
  const paragraphs: string[] = [];
  let current = "";
  const flush = (): void => {
    if (current !== "") paragraphs.push(current);
    current = "";
  };
  let listed = false;
  for (const line of lines) {
    if (/^\.?\s*$/.test(line)) {
      flush();
      listed = false;
    } else if (/^\s|^[-*+o•]\s/.test(line)) {
      flush();
      listed = true;
    } else if (!listed || /^[A-Z]/.test(line)) {
      current = current === "" ? line : `${current} ${line}`;
      listed = false;
    }
  }
  flush();
  return { summary, paragraphs };
}
