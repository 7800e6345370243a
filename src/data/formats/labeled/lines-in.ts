import { isUtf8 } from "node:buffer";
import { notUtf8 } from "../encoding.js";
import { linesOf } from "../lines.js";
import { SourceError, reasonOf } from "../source-error.js";

const longestLine = 1 << 20;

/** A line with its number, counted from 1 as editors do. */
export interface NumberedLine {
  readonly text: string;
  readonly line: number;
}

/**
 * The lines of a list file, blank ones omitted.
 * @throws SourceError if it cannot be read as text, or has none
 */
export const linesIn = async (path: string): Promise<string[]> =>
  (await numberedLinesIn(path)).map(({ text }) => text);

/** What `linesIn` gives, for lists whose lines messages name. */
export async function numberedLinesIn(path: string): Promise<NumberedLine[]> {
  const lines: NumberedLine[] = [];
  let number = 0;
  try {
    for await (const { bytes } of linesOf(path, longestLine)) {
      number++;
      if (!isUtf8(bytes)) throw new SourceError(`it is ${notUtf8}`);
      const text = bytes.toString("utf8").trim();
      if (text !== "") lines.push({ text, line: number });
    }
  } catch (error) {
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}.`);
  }
  if (lines.length > 0) return lines;
  throw new SourceError(`${path} is empty. Perhaps its download was interrupted.`);
}
