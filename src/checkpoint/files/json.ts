/** Strict reading, with clear errors, of JSON from other programs: safetensors headers, indexes, configurations. */
import { quote } from "../../base/quote.js";
import { CheckpointError } from "./stored-tensor.js";

/** An object as JSON has it. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a JSON object from UTF-8 bytes. `what` names them in messages; duplicate keys are refused. */
export function parseObject(what: string, bytes: Uint8Array): JsonObject {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 120) : "";
    throw new CheckpointError(`${what} is not JSON: ${reason}`);
  }
  if (!isObject(value)) throw new CheckpointError(`${what} is JSON, but not an object.`);
  const twice = duplicateKey(text);
  if (twice !== undefined)
    throw new CheckpointError(`${what} holds the key ${quote(twice)} twice.`);
  return value;
}

/** The first duplicate key of an object in `text`, which is valid JSON: `JSON.parse` silently keeps the last one. */
function duplicateKey(text: string): string | undefined {
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
      const key = JSON.parse(text.slice(start, at + 1)) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

function closingQuote(text: string, opening: number): number {
  let at = opening + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

function colonFollows(text: string, quote: number): boolean {
  let at = quote + 1;
  while (/\s/.test(text[at] ?? "")) at++;
  return text[at] === ":";
}

/** A value as the text of a JSON file. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
