/** Strict reading, with clear errors, of JSON from other programs: safetensors headers, indexes, configurations. */
import { parseJson } from "../../data/json.js";
import { CheckpointError } from "./stored-tensor.js";

/** An object as JSON has it. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a JSON object from UTF-8 bytes. `what` names them in messages; duplicate keys are refused. */
export function parseObject(what: string, bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (error) {
    throw new CheckpointError(`${what} ${(error as Error).message.slice(0, 200)}.`);
  }
  if (!isObject(value)) throw new CheckpointError(`${what} is JSON, but not an object.`);
  return value;
}

/** A value as the text of a JSON file. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
