/** Plain text files: a document each, or a document per paragraph. */
import { basename, dirname } from "node:path";
import type { Sample } from "../sample.js";
import { defaultLimit } from "./tar/records.js";
import { linesOf } from "./lines.js";
import { readInFolder } from "./file-in-folder.js";
import { type FoundRecord, nameOfFiles, recordSource, stemOf } from "./record-source.js";
import type { Source } from "./source.js";
import { SampleError } from "./source-error.js";

interface TextOptions {
  /** Whether blank lines divide a file into documents; default: a file is one. */
  readonly paragraphs?: boolean | undefined;
  /** Bytes that a document may have; default 256 MiB. */
  readonly limit?: number | undefined;
}

/**
 * Documents of the UTF-8 files at `paths`. Line ends become "\n", white space around a document goes. Invalid bytes become
 * U+FFFD; where there were any, the field `replaced` tells how many characters that made.
 */
export function textSource(
  paths: readonly string[],
  { paragraphs = false, limit = defaultLimit }: TextOptions = {},
): Source {
  const name = nameOfFiles(paths, "texts");
  if (paragraphs)
    return recordSource(name, paths.length, (file) => paragraphsOf(paths[file]!, limit));
  // eslint-disable-next-line @typescript-eslint/require-await -- what is found needs no waiting, what is loaded does
  return recordSource(name, 1, async function* (_, wanted) {
    for (const [record, path] of paths.entries())
      if (wanted(record)) yield { record, key: stemOf(path), load: () => wholeFile(path, limit) };
  });
}

async function wholeFile(path: string, limit: number): Promise<Sample> {
  const key = stemOf(path);
  return document(key, path, await readInFolder(dirname(path), basename(path), key, limit));
}

async function* paragraphsOf(path: string, limit: number): AsyncGenerator<FoundRecord> {
  const lines: Buffer[] = [];
  let length = 0;
  let record = 0;
  const paragraph = (): FoundRecord => {
    const key = `${stemOf(path)}:${record}`;
    const where = `${path}, paragraph ${record}`;
    const bytes = length > limit ? undefined : Buffer.concat(lines);
    lines.length = length = 0;
    const load = (): Sample => {
      if (bytes) return document(key, where, bytes);
      throw new SampleError(key, "too large", `${where} has more than ${limit} bytes.`);
    };
    return { record: record++, key, load };
  };
  for await (const { bytes } of linesOf(path, limit)) {
    const isBlank = bytes.every((byte) => byte === 0x20 || byte === 0x09);
    if (isBlank && length > 0) yield paragraph();
    if (isBlank) continue;
    length += bytes.length + 1;
    if (length <= limit) lines.push(bytes, Buffer.from("\n"));
  }
  if (length > 0) yield paragraph();
}

function document(key: string, where: string, bytes: Buffer): Sample {
  const decoded = bytes.toString("utf8");
  const text = decoded
    .replace(/^\ufeff/, "")
    .replaceAll(/\r\n?/g, "\n")
    .trim();
  if (text === "") throw new SampleError(key, "empty", `${where} has no text.`);
  const replaced = decoded.split("\ufffd").length - bytes.toString("latin1").split("ï¿½").length;
  return { key, texts: [text], fields: replaced > 0 ? { replaced } : {} };
}
