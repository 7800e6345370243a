/** KITTI's images labeled by the distance of the nearest vehicle, as in VTAB. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { SourceError, reasonOf } from "../source-error.js";
import type { ListedImage } from "./image-list.js";

const vehicles = new Set(["Car", "Van", "Truck"]);
/** Meters along the camera's axis up to which a vehicle is on the side, and nearby. */
const [side, nearby] = [8, 20];

/**
 * The images of KITTI's training folder, in order.
 * @param classes names for: at most 8 m, at most 20 m, farther, no vehicle
 * @returns files relative to `folder`
 * @throws SourceError if a label file is missing or damaged
 */
export async function kittiDistances(
  folder: string,
  classes: readonly string[],
): Promise<ListedImage[]> {
  const names = await readdir(join(folder, "image_2")).catch((error: unknown) => {
    throw new SourceError(`${folder} has no images in image_2: ${reasonOf(error)}.`);
  });
  const images = names.filter((name) => /^\d+\.(png|jpg)$/.test(name)).sort();
  const listed: ListedImage[] = [];
  for (const name of images) {
    const path = join(folder, "label_2", name.replace(/\.\w+$/, ".txt"));
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      throw new SourceError(`${path} cannot be read: ${reasonOf(error)}.`);
    });
    listed.push({ file: `image_2/${name}`, label: classes[classOf(path, text)]! });
  }
  return listed;
}

/** A line is an object: its type, and 14 numbers, of which the 13th is the distance. */
function classOf(path: string, text: string): number {
  let nearest = Infinity;
  for (const [index, line] of text.split("\n").entries()) {
    const cells = line.trim().split(/\s+/);
    if (cells[0] === "" || !vehicles.has(cells[0]!)) continue;
    const distance = Number(cells[13]);
    if (cells.length < 15 || !Number.isFinite(distance))
      throw new SourceError(`${path}, line ${index + 1}: expected a type and 14 numbers.`);
    nearest = Math.min(nearest, distance);
  }
  if (nearest === Infinity) return 3;
  return nearest <= side ? 0 : nearest <= nearby ? 1 : 2;
}
