import { type JsonObject, parseObject } from "./json.js";
import { openFile } from "./random-access-file.js";

/** Reads a JSON object from the file at `path`. */
export async function readObject(path: string): Promise<JsonObject> {
  const file = await openFile(path);
  try {
    return parseObject(path, await file.read(0, file.bytes));
  } finally {
    await file.close();
  }
}
