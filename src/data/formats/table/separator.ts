/** The separator of a table's cells, detected because extensions are unreliable. */
import { extname } from "node:path";
import { isImageExtension } from "../../image/image-type.js";
import { isImageColumn, isKnownColumn } from "../columns.js";
import { linesOf } from "../lines.js";
import type { Columns } from "../source.js";

const separators = [",", "\t", ";", "|"];
const longestHeader = 1 << 20;

/**
 * The separator that makes the most cells of the first line known: names of columns, or the path of an image. If that is
 * undecided, the one of the extension, or the first that divides the line at all.
 */
export async function findSeparator(path: string, columns: Columns): Promise<string> {
  const line = await firstLine(path);
  const usual = extname(path).toLowerCase() === ".csv" ? "," : "\t";
  const candidates = [usual, ...separators.filter((separator) => separator !== usual)];
  const known = (separator: string): number =>
    cellsOf(line, separator).filter((cell) => isKnownColumn(cell, columns) || isImagePath(cell))
      .length;
  const most = Math.max(...candidates.map(known));
  const best = candidates.filter((separator) => known(separator) === most);
  if (most > 0) return best[0]!;
  return candidates.find((separator) => line.includes(separator)) ?? usual;
}

/** Whether a text file is a table of images: the first line names a column of images, or an image and its text. */
export async function isImageTable(path: string): Promise<boolean> {
  const line = await firstLine(path);
  const cells = cellsOf(line, await findSeparator(path, {}));
  return cells.length > 1 && cells.some((cell) => isImageColumn(cell) || isImagePath(cell));
}

/** Whether this looks like the path of an image; also with the number of a caption, as in "dog.jpg#2". */
export function isImagePath(cell: string): boolean {
  const extension = /\.([a-z0-9]+)(#\d+)?$/i.exec(cell)?.[1];
  return extension !== undefined && isImageExtension(extension.toLowerCase());
}

function cellsOf(line: string, separator: string): string[] {
  return line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
}

async function firstLine(path: string): Promise<string> {
  for await (const { bytes } of linesOf(path, longestHeader))
    if (bytes.length > 0) return bytes.toString("utf8");
  return "";
}
