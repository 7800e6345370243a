import { isUtf8 } from "node:buffer";
import { notUtf8 } from "../encoding.js";
import { linesOf } from "../lines.js";
import { SourceError, reasonOf } from "../source-error.js";

const longestLine = 1 << 20;

/**
 * The lines of a list file, blank ones omitted.
 * @throws SourceError if it cannot be read as text, or has none
 */
export async function linesIn(path: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const { bytes } of linesOf(path, longestLine)) {
      if (!isUtf8(bytes)) throw new SourceError(`it is ${notUtf8}`);
      const line = bytes.toString("utf8").trim();
      if (line !== "") lines.push(line);
    }
  } catch (error) {
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}.`);
  }
  if (lines.length > 0) return lines;
  throw new SourceError(`${path} is empty. Perhaps its download was interrupted.`);
}
