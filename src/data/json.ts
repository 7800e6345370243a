/** Strict reading of JSON that people and other programs write. */
import { quote } from "../base/quote.js";

/** What is wrong with a text that should be JSON. The message goes after a name of the text: "is not JSON: ...". */
export class JsonError extends Error {
  override readonly name: string = "JsonError";
}

/** An object of a JSON text has a key twice, of which `JSON.parse` silently keeps the last. */
export class DuplicateKeyError extends JsonError {
  override readonly name = "DuplicateKeyError";

  /** @param line of the second time, counted from 1; undefined if the text is a single line */
  constructor(key: string, line: number | undefined) {
    const where = line === undefined ? "" : `, the second time in line ${line}`;
    super(`holds the key ${quote(key)} twice in one object${where}`);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The value of a JSON text, or of its UTF-8 bytes. A byte order mark is skipped.
 * @throws JsonError if it is not JSON, with line and column, or not UTF-8; DuplicateKeyError if an object has a key twice
 */
export function parseJson(json: string | Uint8Array): unknown {
  const text = typeof json === "string" ? json.replace(/^\uFEFF/, "") : decoded(json);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JsonError(`is not JSON: ${located(text, (cause as Error).message)}`, { cause });
  }
  requireOnce(text);
  return value;
}

function decoded(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new JsonError("is not JSON, which is in UTF-8", { cause });
  }
}

/** Older versions of Node give a position, but neither line nor column. */
function located(text: string, message: string): string {
  const position = /at position (\d+)$/.exec(message)?.[1];
  if (position === undefined || !text.includes("\n")) return message;
  const at = Number(position);
  return `${message} (line ${lineOf(text, at)} column ${at - text.lastIndexOf("\n", at - 1)})`;
}

const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** Refuses duplicate keys in `text`, which is valid JSON. */
function requireOnce(text: string): void {
  const enclosing: (Set<string> | undefined)[] = []; // keys so far of each open object; undefined for arrays
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{") enclosing.push(new Set());
    else if (character === "[") enclosing.push(undefined);
    else if (character === "}" || character === "]") enclosing.pop();
    else if (character === '"') {
      const start = at;
      at = closingQuote(text, start);
      const keys = enclosing.at(-1);
      if (!keys || !colonFollows(text, at)) continue;
      const written = text.slice(start + 1, at);
      const key = written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
      if (keys.has(key))
        throw new DuplicateKeyError(key, text.includes("\n") ? lineOf(text, start) : undefined);
      keys.add(key);
    }
  }
}

/** Strings may be long, such as images in base64. */
function closingQuote(text: string, opening: number): number {
  for (let at = text.indexOf('"', opening + 1); ; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at;
  }
}

function colonFollows(text: string, quote: number): boolean {
  let at = quote + 1;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return text[at] === ":";
}
