/** Detects the cell separator of a table, because extensions are unreliable. */
import { extname } from "node:path";
import { isImageExtension } from "../../image/image-type.js";
import { isImageColumn, isKnownColumn } from "../columns.js";
import { linesOf } from "../lines.js";
import type { Columns } from "../source.js";

const separators = [",", "\t", ";", "|"];
const longestHeader = 1 << 20;

/**
 * The separator that yields the most recognized cells in the first line: column names or an image path. Ties are
 * resolved by the extension, then by the first separator that splits the line at all.
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

/** Whether a text file is an image table: its first line names an image column, or an image and its text. */
export async function isImageTable(path: string): Promise<boolean> {
  const line = await firstLine(path);
  const cells = cellsOf(line, await findSeparator(path, {}));
  return cells.length > 1 && cells.some((cell) => isImageColumn(cell) || isImagePath(cell));
}

/** Whether a cell looks like an image path, optionally with a caption number, as in "dog.jpg#2". */
export function isImagePath(cell: string): boolean {
  const extension = /\.([a-z0-9]+)(#\d+)?$/i.exec(cell)?.[1];
  return extension !== undefined && isImageExtension(extension.toLowerCase());
}

function cellsOf(line: string, separator: string): string[] {
  return line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
}

/** Without its end, and of a file that ends lines with CR alone much more than the first. */
export async function firstLine(path: string): Promise<string> {
  for await (const { bytes } of linesOf(path, longestHeader))
    if (bytes.length > 0) return bytes.toString("utf8");
  return "";
}
