/** Plain text files: one document per file, paragraph or line. */
import { basename, dirname } from "node:path";
import type { Sample } from "../sample.js";
import { utf8Of } from "./encoding.js";
import { linesOf } from "./lines.js";
import { readInFolder } from "./file-in-folder.js";
import { type FoundRecord, nameOfFiles, recordSource, distinctStems } from "./record-source.js";
import { type Source, type SourceOptions, defaultMaxBytes } from "./source.js";
import { SampleError } from "./source-error.js";

/**
 * Documents in the UTF-8 files at `paths`. Line endings become "\n"; surrounding white space is removed. Invalid bytes
 * become U+FFFD, and the field `replaced` counts those characters.
 */
export function textSource(paths: readonly string[], options: SourceOptions = {}): Source {
  const { documents = "files", maxBytes = defaultMaxBytes } = options;
  const name = nameOfFiles(paths, "texts");
  if (documents !== "files") {
    const find = (file: number): AsyncGenerator<FoundRecord> =>
      partsOf(paths[file]!, documents, maxBytes);
    return recordSource({ name, paths, find, countOf: () => Promise.resolve(undefined) }, options);
  }
  const keys = distinctStems(paths);
  // eslint-disable-next-line @typescript-eslint/require-await -- the records are known; only loading is asynchronous
  const find = async function* (): AsyncGenerator<FoundRecord> {
    for (const [index, path] of paths.entries()) {
      const key = keys[index]!;
      yield { key, path, load: () => wholeFile(key, path, maxBytes) };
    }
  };
  const countOf = (): Promise<number> => Promise.resolve(paths.length);
  return recordSource({ name, paths: [name], files: paths, find, countOf }, options);
}

async function wholeFile(key: string, path: string, maxBytes: number): Promise<Sample> {
  const bytes = await readInFolder(dirname(path), basename(path), key, maxBytes);
  return document(key, path, utf8Of(bytes));
}

async function* partsOf(
  path: string,
  documents: "paragraphs" | "lines",
  maxBytes: number,
): AsyncGenerator<FoundRecord> {
  const lines: Buffer[] = [];
  let length = 0;
  let next = 0;
  let line = 0;
  let start = 0;
  const part = (): FoundRecord => {
    const key = String(next++);
    const where = `${path}, line ${start}`;
    const bytes = length > maxBytes ? undefined : Buffer.concat(lines);
    lines.length = length = 0;
    const load = (): Sample => {
      if (bytes) return document(key, "it", bytes);
      throw new SampleError(key, "too large", `it has more than ${maxBytes} bytes.`);
    };
    return { key, path: `${path}:${key}`, where, load };
  };
  for await (const { bytes } of linesOf(path, maxBytes)) {
    line++;
    const isBlank = bytes.every((byte) => byte === 0x20 || byte === 0x09);
    if (isBlank && length > 0) yield part();
    if (isBlank) continue;
    if (length === 0) start = line;
    length += bytes.length + 1;
    if (length <= maxBytes) lines.push(bytes, Buffer.from("\n"));
    if (documents === "lines") yield part();
  }
  if (length > 0) yield part();
}

function document(key: string, name: string, bytes: Buffer): Sample {
  const decoded = bytes.toString("utf8");
  const text = decoded.replaceAll(/\r\n?/g, "\n").trim();
  if (text === "") throw new SampleError(key, "empty", `${name} has no text.`);
  const replaced = decoded.split("\ufffd").length - bytes.toString("latin1").split("ï¿½").length;
  return { key, texts: [text], fields: replaced > 0 ? { replaced } : {} };
}
