/** JSON files of annotations: which of the known forms one has. */
import { jsonItems, type JsonObject } from "../json-items.js";
import { SourceError } from "../source-error.js";
import { utf8Chunks } from "../encoding.js";

/**
 * A list of objects, whose keys are named like the columns of a table; COCO's captions, with lists of images and of
 * annotations; or Karpathy's list of images, with their sentences and parts.
 */
export type AnnotationForm = "list" | "coco" | "karpathy";

/** The form of a JSON file; undefined if it has none of them, as settings, or boxes without captions. */
export async function annotationForm(path: string): Promise<AnnotationForm | undefined> {
  if ((await firstCharacter(path)) === "[") return (await firstOf(path)) && "list";
  const image = await firstOf(path, "images");
  if (image && Array.isArray(image.sentences)) return "karpathy";
  if (typeof image?.file_name !== "string") return undefined;
  const annotation = await firstOf(path, "annotations");
  return typeof annotation?.caption === "string" ? "coco" : undefined;
}

async function firstCharacter(path: string): Promise<string | undefined> {
  for await (const chunk of utf8Chunks(path)) {
    const [found] = /\S/.exec(chunk.toString("utf8")) ?? [];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first object of a list; undefined if there is no such list with objects. */
async function firstOf(path: string, name?: string): Promise<JsonObject | undefined> {
  try {
    for await (const item of jsonItems(path, name)) return item;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
  }
  return undefined;
}
