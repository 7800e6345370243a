import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { type ListedImage, imageList } from "./image-list.js";
import { jsonItems } from "../json-items.js";

/**
 * CLEVR's images labeled by the number of their objects.
 * @param scenes such as CLEVR_val_scenes.json
 * @param classes the numbers that occur, as texts
 * @throws SourceError if a scene lacks its image or objects, or has another number of them
 */
export async function clevrCounts(
  scenes: string,
  images: string,
  classes: readonly string[],
): Promise<LabeledSource> {
  const listed: ListedImage[] = [];
  for await (const { image_filename: file, objects } of jsonItems(scenes, "scenes")) {
    const where = `${scenes}, scene ${listed.length},`;
    if (typeof file !== "string" || !Array.isArray(objects))
      throw new SourceError(`${where} has no image_filename or no list of objects.`);
    const label = String(objects.length);
    if (!classes.includes(label))
      throw new SourceError(
        `${where} has ${label} objects; scenes have ${classes[0]} to ${classes.at(-1)}.`,
      );
    listed.push({ file, label });
  }
  return imageList(scenes, images, listed);
}
