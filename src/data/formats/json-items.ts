/** The objects in a list within a JSON file, read one at a time: such files may be longer than any string. */
import { createReadStream } from "node:fs";
import { parseJson } from "../json.js";
import { SourceError, reasonOf } from "./source-error.js";

export type JsonObject = Readonly<Record<string, unknown>>;

const [quote, backslash, openBrace, closeBrace, openList, closeList] = Buffer.from('"\\{}[]');
const mostBytes = 1 << 26; // of one object
/** What may be between the objects of a list, or begin one, or end the list. */
const betweenItems = new Set(Buffer.from(" \t\r\n,{]"));

/**
 * The objects in a list: the one that a key of the outermost object names, or the outermost one if `name` is undefined.
 * @throws SourceError if there is no such list, it is empty, or the file is damaged
 */
export async function* jsonItems(path: string, name?: string): AsyncGenerator<JsonObject> {
  const where = name === undefined ? "list" : `list named ${name}`;
  const scanner = new ListScanner(name);
  let items = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }))
      for (const text of scanner.scan(chunk as Buffer)) {
        yield parseJson(text) as JsonObject;
        items++;
      }
  } catch (error) {
    throw new SourceError(`${path}, after ${items} objects of its ${where}: ${reasonOf(error)}.`);
  }
  if (scanner.isWithin)
    throw new SourceError(
      `${path} ends within its ${where}, after ${items} objects. Perhaps its download was interrupted.`,
    );
  if (items === 0) throw new SourceError(`${path} has no ${where} with objects in it.`);
}

/** Finds the objects of a list by counting braces and brackets outside of strings. */
class ListScanner {
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** The last string in the outermost object, such as a key. */
  #string: number[] = [];
  #inList = false;
  /** Pieces of an object that began in an earlier chunk. */
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  readonly #itemDepth: number;

  constructor(private readonly name: string | undefined) {
    this.#itemDepth = name === undefined ? 1 : 2;
  }

  /** Whether the list has begun but not ended. */
  get isWithin(): boolean {
    return this.#inList;
  }

  /** The objects that end in `chunk`, as texts. */
  *scan(chunk: Buffer): Generator<string> {
    let start = this.#pieces.length > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#inString) {
        this.#withinString(byte);
        continue;
      }
      const isBetween = this.#inList && this.#depth === this.#itemDepth;
      if (isBetween && !betweenItems.has(byte)) throw new Error("what follows is not an object");
      if (byte === quote) [this.#inString, this.#string] = [true, []];
      else if (byte === openBrace || byte === openList) {
        if (isBetween) start = at;
        this.#open(byte);
      } else if (byte === closeBrace || byte === closeList) {
        this.#depth--;
        if (!this.#inList || this.#depth > this.#itemDepth) continue;
        if (this.#depth === this.#itemDepth && start >= 0) {
          yield Buffer.concat([...this.#pieces, chunk.subarray(start, at + 1)]).toString("utf8");
          start = -1;
          this.#pieces.length = this.#bytes = 0;
        } else this.#inList = false;
      }
    }
    if (start < 0) return;
    this.#pieces.push(chunk.subarray(start));
    this.#bytes += chunk.length - start;
    if (this.#bytes > mostBytes) throw new Error(`an object has more than ${mostBytes} bytes`);
  }

  #withinString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#inString = false;
    else if (this.#depth === 1) this.#string.push(byte);
  }

  #open(byte: number): void {
    const isNamed =
      this.name === undefined || Buffer.from(this.#string).toString("utf8") === this.name;
    if (byte === openList && this.#depth === this.#itemDepth - 1 && isNamed) this.#inList = true;
    this.#depth++;
  }
}
